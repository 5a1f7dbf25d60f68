/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.usage;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Published examples of the vendors, and the same traffic under every model. */
final class PriceBookTest {

    private final PriceBook book = PriceBook.bundled();

    @Test
    void fourSecondsOfProcessorAndTenOfMemoryInSaoPaulo() {
        PriceModel.Cost cost = model("vercel-fluid").listPrice(used(0, "4", "10", "10", "40", "10"), "gru1");

        assertThat(cost.cpu()).isCloseTo(new BigDecimal("0.000245555556"), within());
        assertThat(cost.memory()).isCloseTo(new BigDecimal("0.000203333333"), within());
        assertThat(rounded(cost.total(), 7)).isEqualTo("0.0004489");
    }

    @Test
    void anHourOfOneProcessorAndTwoGigabytes() {
        Consumption hour = used(0, "3600", "3600", "3600", "7200", "3600");

        assertThat(model("vercel-fluid").listPrice(hour, "iad1").total()).isEqualByComparingTo("0.1492");
    }

    @Test
    void anHourOfTheOlderModel() {
        Consumption hour = used(0, "3600", "3600", "3600", "6368.4", "3600");

        assertThat(model("vercel-serverless").listPrice(hour, "iad1").total()).isEqualByComparingTo("0.31842");
    }

    @Test
    void theFirstMillionRequestsIsIncluded() {
        Consumption month = used(1_500_000, "0", "0", "0", "0", "0");

        assertThat(model("vercel-fluid").monthPrice(month, "iad1").total()).isEqualByComparingTo("0.30");
        assertThat(model("vercel-fluid").listPrice(month, "iad1").total()).isEqualByComparingTo("0.90");
    }

    @Test
    void waitingForADatabaseCostsNoProcessor() {
        PriceModel.Cost cost = model("vercel-fluid").listPrice(used(1, "0.1", "0.5", "0.5", "0", "0.5"), "iad1");

        assertThat(cost.cpu()).isCloseTo(new BigDecimal("0.00000355555555556"), within());
    }

    @ParameterizedTest
    @CsvSource({"1", "1000", "1000000"})
    void memoryIsPaidOncePerInstanceHoweverManyRequestsShareIt(long requests) {
        PriceModel.Cost cost = model("vercel-fluid")
                .listPrice(used(requests, "0", Long.toString(requests), "3600", "3600", "3600"), "iad1");

        assertThat(cost.memory()).isEqualByComparingTo("0.0106");
    }

    @Test
    void workersExampleOfAMonth() {
        // 15 million requests of 7 ms: 5 + 1.50 + 1.50.
        Consumption month = used(15_000_000, "105000", "105000", "0", "0", "0");
        PriceModel.Cost cost = model("cloudflare-workers").monthPrice(month, "global");

        assertThat(cost.monthly()).isEqualByComparingTo("5");
        assertThat(cost.requests()).isEqualByComparingTo("1.50");
        assertThat(cost.cpu()).isEqualByComparingTo("1.50");
        assertThat(cost.total()).isEqualByComparingTo("8.00");
    }

    /** A million requests of 2 s, 50 ms of them processor, on instances of 2 GB and one processor. */
    @ParameterizedTest
    @CsvSource({
        "vercel-fluid, 1, 14.1556",
        "vercel-fluid, 20, 2.9667",
        "cloud-run, 1, 58.4000",
        "cloud-run, 20, 3.3000",
        "lambda-x86, 1, 66.8668",
        "lambda-x86, 20, 66.8668",
        "lambda-arm, 20, 53.5336",
        "cloudflare-workers, 20, 1.3000"
    })
    void theSameTrafficUnderEveryModel(String name, int concurrency, String total) {
        BigDecimal up = BigDecimal.valueOf(2_000_000 / concurrency);
        Consumption traffic = new Consumption(
                1_000_000,
                new BigDecimal("50000"),
                new BigDecimal("2000000"),
                up,
                up.multiply(BigDecimal.valueOf(2)),
                up,
                up);
        PriceModel model = model(name);

        assertThat(rounded(model.listPrice(traffic, model.defaultRegion()).total(), 4))
                .isEqualTo(total);
    }

    @Test
    void everyPriceNamesItsSourceAndDate() {
        assertThat(book.models()).hasSizeGreaterThan(5).allSatisfy(model -> {
            assertThat(model.source()).startsWith("https://");
            assertThat(model.asOf()).matches("20\\d\\d-\\d\\d(-\\d\\d)?");
        });
        assertThat(model("vercel-fluid").regions()).hasSize(20).containsKeys("iad1", "hnd1", "arn1");
    }

    @Test
    void aServerOfOnesOwnIsPaidByTheHour(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("prices.json");
        Files.writeString(file, """
                {"version": "ours", "models": [{"model": "own-server", "basis": "server-hours", "currency": "EUR",
                "source": "invoice", "asOf": "2026-11", "regions": [{"region": "cellar", "serverHour": 0.085}]}]}""");

        PriceModel own = PriceBook.of(file).models().get(0);

        assertThat(own.listPrice(used(99, "1", "1", "1", "1", "1", "7200"), "cellar")
                        .total())
                .isEqualByComparingTo("0.17");
    }

    @Test
    void sumsAreExact() {
        Consumption tenth = used(1, "0.1", "0.1", "0.1", "0.1", "0.1");
        Consumption all = Consumption.NONE;
        for (int i = 0; i < 1_000; i++) {
            all = all.plus(tenth);
        }

        assertThat(all.activeCpuSeconds()).isEqualByComparingTo("100");
        assertThat(all.requests()).isEqualTo(1_000);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{                                                            | is not JSON",
                "{\"version\": \"1\", \"models\": []}                         | models is not a list of something",
                "{\"version\": \"1\", \"model\": []}                          | unknown field model",
                "{\"version\": \"1\", \"models\": [{\"model\": \"a\", \"basis\": \"moon\", \"regions\": [{\"region\": \"x\"}]}]} | basis moon",
                "{\"version\": \"1\", \"models\": [{\"model\": \"a\", \"price\": 1}]} | model a: unknown field price",
                "{\"version\": \"1\", \"models\": [{\"model\": \"a\", \"regions\": [{\"region\": \"x\", \"cpuHour\": -1}]}]} | region x: cpuHour is not a number",
                "{\"version\": \"1\", \"models\": [{\"model\": \"a\", \"regions\": [{\"region\": \"x\", \"gbHour\": 1, \"gbSecond\": 1}]}]} | both gbSecond and gbHour",
            })
    void whatIsWrongInABookIsNamed(String text, String message) {
        assertThatThrownBy(() -> PriceBook.parse(text.getBytes(UTF_8), "test"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    private PriceModel model(String name) {
        List<PriceModel> found = book.models().stream()
                .filter(model -> model.name().equals(name))
                .toList();
        assertThat(found).hasSize(1);
        return found.get(0);
    }

    private static Consumption used(long requests, String... six) {
        return new Consumption(
                requests,
                new BigDecimal(six[0]),
                new BigDecimal(six[1]),
                new BigDecimal(six[2]),
                new BigDecimal(six[3]),
                new BigDecimal(six[4]),
                new BigDecimal(six[six.length - 1]));
    }

    private static String rounded(BigDecimal value, int places) {
        return value.setScale(places, RoundingMode.HALF_EVEN).toPlainString();
    }

    private static Offset<BigDecimal> within() {
        return Offset.offset(new BigDecimal("0.000000000001"));
    }
}
