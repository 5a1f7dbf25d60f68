/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.usage;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.math.BigDecimal;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * {@code /api/usage} and {@code /api/usage.csv}. Blocks while the database answers. For any thread.
 *
 * <p>Parameters: {@code from} and {@code to} (ISO 8601; the last day), {@code by} ({@code function}, {@code route} or {@code
 * deployment}; all three), {@code region} (one or several, for models that know them), {@code included=true} (price of a month,
 * with what the plans include), {@code serverHour} and {@code currency} (what an hour of one's own server costs).
 */
public final class UsageEndpoint {

    private static final Duration DEFAULT_SPAN = Duration.ofDays(1);
    private static final ObjectWriter JSON =
            new ObjectMapper().writer().with(JsonGenerator.Feature.WRITE_BIGDECIMAL_AS_PLAIN);

    private final UsageLedger ledger;
    private final Supplier<PriceBook> prices;
    private final Clock clock;

    /**
     * An answer to send.
     *
     * @param status of HTTP
     * @param contentType of the body
     * @param body its octets
     */
    @SuppressWarnings("ArrayRecordComponent") // Made here, sent once.
    public record Answer(int status, String contentType, byte[] body) {}

    /** What a question asks for. */
    private record Question(
            Instant from,
            Instant to,
            UsageReport.By by,
            List<String> regions,
            boolean included,
            @Nullable PriceModel own) {}

    /**
     * An endpoint.
     *
     * @param ledger what is asked
     * @param prices the book of the moment
     * @param clock tells what now is
     */
    public UsageEndpoint(UsageLedger ledger, Supplier<PriceBook> prices, Clock clock) {
        this.ledger = ledger;
        this.prices = prices;
        this.clock = clock;
    }

    /**
     * Answers.
     *
     * @param query parameters of the request
     * @param csv whether as comma-separated values
     * @return 200; 400 for a parameter that cannot be understood; 503 while the database is away
     */
    public Answer answer(Map<String, String> query, boolean csv) {
        Question question;
        try {
            question = question(query);
        } catch (IllegalArgumentException | DateTimeParseException e) {
            return text(400, String.valueOf(e.getMessage()));
        }
        UsageReport report;
        try {
            report = ledger.report(question.from, question.to, question.by);
        } catch (SQLException e) {
            return text(503, "the usage ledger cannot be read: " + e.getMessage());
        }
        try {
            return csv
                    ? new Answer(200, "text/csv;charset=utf-8", csv(report).getBytes(UTF_8))
                    : new Answer(200, "application/json", JSON.writeValueAsBytes(json(report, question)));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a map of plain values has no JSON", e);
        }
    }

    private Question question(Map<String, String> query) {
        Instant to = query.containsKey("to") ? Instant.parse(query.get("to")) : clock.instant();
        Instant from = query.containsKey("from") ? Instant.parse(query.get("from")) : to.minus(DEFAULT_SPAN);
        if (!from.isBefore(to)) {
            throw new IllegalArgumentException("from " + from + " is not before to " + to);
        }
        String serverHour = query.get("serverHour");
        return new Question(
                from,
                to,
                by(query.get("by")),
                Arrays.asList(query.getOrDefault("region", "").split(",")),
                Boolean.parseBoolean(query.get("included")),
                serverHour == null ? null : ownServer(serverHour, query.getOrDefault("currency", "USD")));
    }

    private static UsageReport.By by(@Nullable String word) {
        if (word == null || word.isEmpty()) {
            return UsageReport.By.ALL;
        }
        for (UsageReport.By by : UsageReport.By.values()) {
            if (by.name().toLowerCase(Locale.ROOT).equals(word)) {
                return by;
            }
        }
        throw new IllegalArgumentException("by " + word + " (expected: function, route or deployment)");
    }

    private PriceModel ownServer(String perHour, String currency) {
        BigDecimal price;
        try {
            price = new BigDecimal(perHour);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("serverHour " + perHour + " is not a number", e);
        }
        if (price.signum() < 0 || price.precision() > 20 || Math.abs(price.scale()) > 20) {
            throw new IllegalArgumentException("serverHour " + perHour + " is not a price");
        }
        PriceModel.Rates rates =
                new PriceModel.Rates(PriceModel.Rate.FREE, PriceModel.Rate.FREE, new PriceModel.Rate(price, 3_600));
        return new PriceModel(
                "own-server",
                PriceModel.Basis.SERVER_HOURS,
                currency,
                "asked for",
                clock.instant().toString().substring(0, 10),
                BigDecimal.ZERO,
                BigDecimal.ZERO,
                PriceModel.Included.NOTHING,
                Map.of("own", rates));
    }

    private Map<String, Object> json(UsageReport report, Question question) {
        Map<String, Object> root = new LinkedHashMap<>();
        root.put("from", report.from().toString());
        root.put("to", report.to().toString());
        root.put("rows", report.rows().stream().map(UsageEndpoint::row).toList());
        Map<String, Object> overhead = new LinkedHashMap<>();
        overhead.put("gcCpuSeconds", seconds(report.gcCpuNanos()));
        overhead.put("jitCpuSeconds", seconds(report.jitCpuNanos()));
        overhead.put("tunnelCpuSeconds", seconds(report.tunnelCpuNanos()));
        overhead.put("otherCpuSeconds", seconds(report.otherCpuNanos()));
        root.put("overhead", overhead);
        root.put("processCpuSeconds", seconds(report.processCpuNanos()));
        PriceBook book = prices.get();
        root.put("priceBook", book.version());
        root.put("models", models(report, question, book));
        return root;
    }

    private static List<Map<String, Object>> models(UsageReport report, Question question, PriceBook book) {
        List<PriceModel> models = new ArrayList<>(book.models());
        if (question.own != null) {
            models.add(question.own);
        }
        List<Map<String, Object>> shown = new ArrayList<>();
        PriceModel reference = null;
        BigDecimal least = BigDecimal.ZERO;
        for (PriceModel model : models) {
            String region = question.regions.stream()
                    .filter(model.regions()::containsKey)
                    .findFirst()
                    .orElse(model.defaultRegion());
            PriceModel.Cost cost = question.included
                    ? model.monthPrice(report.total(), region)
                    : model.listPrice(report.total(), region);
            if (reference == null && model.basis() == PriceModel.Basis.ACTIVE_CPU) {
                reference = model;
                least = cost.total();
            }
            boolean comparable = reference != null && reference.currency().equals(model.currency());
            shown.add(model(model, region, cost, comparable ? least : null));
        }
        return shown;
    }

    private static Map<String, Object> model(
            PriceModel model, String region, PriceModel.Cost cost, @Nullable BigDecimal byActiveCpu) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("model", model.name());
        map.put("region", region);
        map.put("currency", model.currency());
        map.put("cpu", UsageReport.shown(cost.cpu()));
        map.put("memory", UsageReport.shown(cost.memory()));
        map.put("requests", UsageReport.shown(cost.requests()));
        if (cost.monthly().signum() > 0) {
            map.put("monthly", UsageReport.shown(cost.monthly()));
        }
        map.put("total", UsageReport.shown(cost.total()));
        if (byActiveCpu != null && cost.total().signum() > 0) {
            BigDecimal saved = BigDecimal.ONE.subtract(byActiveCpu.divide(cost.total(), PriceModel.PRECISION));
            map.put("savedPercent", saved.movePointRight(2).setScale(1, PriceModel.PRECISION.getRoundingMode()));
        }
        map.put("source", model.source());
        map.put("asOf", model.asOf());
        return map;
    }

    private static Map<String, Object> row(UsageReport.Row row) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("function", row.key().function());
        map.put("deployment", row.key().deployment());
        map.put("route", row.key().route());
        map.put("requests", row.sums().requests());
        map.put("failures", row.sums().failures());
        map.put("activeCpuSeconds", seconds(row.sums().cpuNanos()));
        map.put("apportionedCpuSeconds", seconds(row.sums().apportionedCpuNanos()));
        map.put("memoryGbSeconds", UsageReport.shown(row.memoryGbSeconds()));
        map.put("wallSeconds", seconds(row.sums().wallNanos()));
        map.put("inBytes", row.sums().bytesIn());
        map.put("outBytes", row.sums().bytesOut());
        return map;
    }

    private static String csv(UsageReport report) {
        StringBuilder text = new StringBuilder("from,to,function,deployment,route,requests,failures,activeCpuSeconds,"
                + "apportionedCpuSeconds,memoryGbSeconds,wallSeconds,inBytes,outBytes\r\n");
        for (UsageReport.Row row : report.rows()) {
            text.append(report.from()).append(',').append(report.to());
            for (Object value : row(row).values()) {
                text.append(',').append(value instanceof BigDecimal exact ? exact.toPlainString() : cell(value));
            }
            text.append("\r\n");
        }
        return text.toString();
    }

    /** RFC 4180; a name that a spreadsheet would take for a formula is kept from it. */
    private static String cell(Object value) {
        String text = value.toString();
        if (!text.isEmpty() && "=+-@".indexOf(text.charAt(0)) >= 0) {
            text = "'" + text;
        }
        return text.matches("[^\",\r\n]*") ? text : '"' + text.replace("\"", "\"\"") + '"';
    }

    private static BigDecimal seconds(long nanos) {
        return UsageReport.shown(UsageReport.seconds(nanos));
    }

    private static Answer text(int status, String message) {
        return new Answer(status, "text/plain;charset=utf-8", (message + "\n").getBytes(UTF_8));
    }
}
