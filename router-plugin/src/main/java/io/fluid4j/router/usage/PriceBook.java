/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.usage;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Price models as data (docs/USAGE.md says how a file looks). What is misspelt, missing or negative is refused with its
 * place in the file: a price that silently counts as 0 would be believed. Immutable.
 *
 * @param version which book this is
 * @param models in the order of the file
 */
public record PriceBook(String version, List<PriceModel> models) {

    private static final String BUNDLED = "price-book.json";
    private static final int HOUR = 3_600;

    private static final ObjectReader JSON = new ObjectMapper()
            .reader()
            .with(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private static final Set<String> BOOK_FIELDS = Set.of("version", "models");
    private static final Set<String> MODEL_FIELDS = Set.of(
            "model", "basis", "currency", "source", "asOf", "requestsPerMillion", "monthly", "included", "regions");
    private static final Set<String> INCLUDED_FIELDS = Set.of("requests", "cpuSeconds", "gbSeconds");
    private static final Set<String> REGION_FIELDS =
            Set.of("region", "cpuSecond", "cpuHour", "gbSecond", "gbHour", "serverHour");

    /** Copies. */
    public PriceBook {
        models = List.copyOf(models);
    }

    /**
     * The book that comes with Fluid4J.
     *
     * @return public list prices, each with its source and date
     */
    public static PriceBook bundled() {
        try (InputStream in = PriceBook.class.getResourceAsStream(BUNDLED)) {
            if (in == null) {
                throw new IllegalStateException(BUNDLED + " is missing in the jar");
            }
            return parse(in.readAllBytes(), BUNDLED);
        } catch (IOException e) {
            throw new IllegalStateException(BUNDLED + " cannot be read", e);
        }
    }

    /**
     * A book of one's own.
     *
     * @param file the file of {@code fluid.price-book}, or null for the bundled one
     * @return what it says
     * @throws IllegalArgumentException naming the place that is wrong, or that the file cannot be read
     */
    public static PriceBook of(@Nullable Path file) {
        if (file == null) {
            return bundled();
        }
        try {
            return parse(Files.readAllBytes(file), file.toString());
        } catch (IOException e) {
            throw new IllegalArgumentException("fluid.price-book: cannot read " + file, e);
        }
    }

    static PriceBook parse(byte[] octets, String name) {
        JsonNode root;
        try {
            root = JSON.readTree(octets);
        } catch (IOException e) {
            throw new IllegalArgumentException("price book " + name + " is not JSON: " + e.getMessage(), e);
        }
        String at = "price book " + name;
        only(BOOK_FIELDS, root, at);
        List<PriceModel> models = new ArrayList<>();
        for (JsonNode node : list(root, "models", at)) {
            models.add(model(node, at + ", model " + text(node, "model", at)));
        }
        return new PriceBook(text(root, "version", at), models);
    }

    private static PriceModel model(JsonNode node, String at) {
        only(MODEL_FIELDS, node, at);
        Map<String, PriceModel.Rates> regions = new LinkedHashMap<>();
        for (JsonNode region : list(node, "regions", at)) {
            String name = text(region, "region", at);
            if (regions.put(name, rates(region, at + ", region " + name)) != null) {
                throw new IllegalArgumentException(at + ": region " + name + " twice");
            }
        }
        return new PriceModel(
                text(node, "model", at),
                basis(text(node, "basis", at), at),
                text(node, "currency", at),
                text(node, "source", at),
                text(node, "asOf", at),
                number(node, "requestsPerMillion", at),
                number(node, "monthly", at),
                included(node.path("included"), at + ", included"),
                regions);
    }

    private static PriceModel.Included included(JsonNode node, String at) {
        if (node.isMissingNode()) {
            return PriceModel.Included.NOTHING;
        }
        only(INCLUDED_FIELDS, node, at);
        return new PriceModel.Included(
                number(node, "requests", at), number(node, "cpuSeconds", at), number(node, "gbSeconds", at));
    }

    private static PriceModel.Rates rates(JsonNode node, String at) {
        only(REGION_FIELDS, node, at);
        return new PriceModel.Rates(
                rate(node, "cpuSecond", "cpuHour", at),
                rate(node, "gbSecond", "gbHour", at),
                new PriceModel.Rate(number(node, "serverHour", at), HOUR));
    }

    private static PriceModel.Rate rate(JsonNode node, String bySecond, String byHour, String at) {
        if (node.has(bySecond) && node.has(byHour)) {
            throw new IllegalArgumentException(at + ": both " + bySecond + " and " + byHour);
        }
        return node.has(byHour)
                ? new PriceModel.Rate(number(node, byHour, at), HOUR)
                : new PriceModel.Rate(number(node, bySecond, at), 1);
    }

    private static PriceModel.Basis basis(String word, String at) {
        List<String> known = new ArrayList<>();
        for (PriceModel.Basis basis : PriceModel.Basis.values()) {
            if (basis.word().equals(word)) {
                return basis;
            }
            known.add(basis.word());
        }
        throw new IllegalArgumentException(at + ": basis " + word + " (expected: one of " + known + ")");
    }

    private static void only(Set<String> known, JsonNode node, String at) {
        if (!node.isObject()) {
            throw new IllegalArgumentException(at + ": not an object");
        }
        for (Iterator<String> names = node.fieldNames(); names.hasNext(); ) {
            String name = names.next();
            if (!known.contains(name)) {
                throw new IllegalArgumentException(at + ": unknown field " + name);
            }
        }
    }

    private static JsonNode list(JsonNode node, String field, String at) {
        JsonNode list = node.path(field);
        if (!list.isArray() || list.isEmpty()) {
            throw new IllegalArgumentException(at + ": " + field + " is not a list of something");
        }
        return list;
    }

    private static String text(JsonNode node, String field, String at) {
        JsonNode value = node.path(field);
        if (!value.isTextual() || value.textValue().isBlank()) {
            throw new IllegalArgumentException(at + ": " + field + " is missing");
        }
        return value.textValue();
    }

    private static BigDecimal number(JsonNode node, String field, String at) {
        JsonNode value = node.path(field);
        if (value.isMissingNode()) {
            return BigDecimal.ZERO;
        }
        if (!value.isNumber() || value.decimalValue().signum() < 0) {
            throw new IllegalArgumentException(at + ": " + field + " is not a number of 0 or more");
        }
        return value.decimalValue();
    }
}
