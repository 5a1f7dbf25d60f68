/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluid4j.frame.Hello;
import io.fluid4j.spi.config.AddressRange;
import io.fluid4j.tunnel.Authenticator.Decision;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.eclipse.jetty.http.HttpFields;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Routes, weights, path forms, trusted proxies and credentials: the stages that need no socket. */
class StagesTest {

    @ParameterizedTest
    @CsvSource({
        "/, /",
        "/a/b, /a/b",
        "/a//b, /a/b",
        "/a/./b, /a/b",
        "/a/../b, /b",
        "/a/b/.., /a/",
        "/a/, /a/",
        "/a;x=1/b;y, /a/b",
        "/%61bc, /abc",
        "/a%2fb, /a%2Fb",
        "/a%20b, /a%20b",
        "*, *"
    })
    void pathHasOneNormalForm(String path, String normal) {
        assertThat(RoutePath.normalise(path)).isEqualTo(normal);
    }

    @ParameterizedTest
    @CsvSource({"/a%00", "/%2e%2e/a", "/a/..;/b", "/..", "/a/../..", "/%", "/%1", "/a b", "a", "''", "/.%2E"})
    void ambiguousPathHasNone(String path) {
        assertThat(RoutePath.normalise(path)).isNull();
    }

    private static final RouteTable ROUTES = new RouteTable(List.of(
            new RouteTable.Route("all", "web", List.of(), "/", Weights.NONE),
            new RouteTable.Route("api", "api", List.of(), "/api", Weights.NONE),
            new RouteTable.Route("deep", "deep", List.of(), "/api/deep/", Weights.NONE),
            new RouteTable.Route("shop", "shop", List.of("Shop.Example"), "/", Weights.NONE),
            new RouteTable.Route("cart", "cart", List.of("shop.example"), "/cart", Weights.NONE),
            new RouteTable.Route("wild", "wild", List.of("*.example"), "/", Weights.NONE)));

    @ParameterizedTest
    @CsvSource({
        "x, /, web",
        "x, /api, api",
        "x, /api/x, api",
        "x, /apix, web",
        "x, /api/deep, deep",
        "x, /api/deeper, api",
        "shop.example, /, shop",
        "SHOP.example, /cart/1, cart",
        "other.example, /cart, wild",
        "a.b.example, /api, wild",
        "example, /api/deep/x, deep"
    })
    void mostSpecificRouteWins(String host, String path, String function) {
        assertThat(ROUTES.find(host, path).function()).isEqualTo(function);
    }

    @Test
    void weightsAreKept() {
        Weights weights = Weights.of(Map.of("v1", 95, "v2", 5, "v3", 0));
        int[] drawn = new int[3];
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 100_000; i++) {
            drawn[weights.draw(random)]++;
        }
        assertThat(weights.deployment(1)).isEqualTo("v2");
        assertThat(drawn[1]).isBetween(4_500, 5_500);
        assertThat(drawn[2]).isZero();
    }

    @Test
    void clientIsTheRightmostAddressThatIsNotAProxy() throws Exception {
        TrustedProxies proxies = new TrustedProxies(List.of(AddressRange.parse("10.0.0.0/8")));
        assertThat(proxies.trusts(InetAddress.getByName("10.1.2.3"))).isTrue();
        assertThat(proxies.trusts(InetAddress.getByName("11.1.2.3"))).isFalse();
        HttpFields chain = HttpFields.build().add("X-Forwarded-For", "6.6.6.6, 1.2.3.4, 10.0.0.9");
        assertThat(proxies.client(chain).getHostAddress()).isEqualTo("1.2.3.4");
        HttpFields garbage = HttpFields.build().add("X-Forwarded-For", "1.2.3.4, evil.example, 10.0.0.9");
        assertThat(proxies.client(garbage).getHostAddress()).isEqualTo("10.0.0.9");
        HttpFields standard = HttpFields.build()
                .add("Forwarded", "for=\"[2001:db8::7]:4711\";proto=https;host=shop.example, for=10.0.0.9");
        assertThat(proxies.client(standard).getHostAddress()).isEqualTo("2001:db8:0:0:0:0:0:7");
        assertThat(proxies.scheme(standard)).isEqualTo("https");
        assertThat(proxies.authority(standard)).isEqualTo("shop.example");
        assertThat(proxies.client(HttpFields.EMPTY)).isNull();
    }

    @ParameterizedTest
    @CsvSource({
        "a, a, true",
        "a, ab, false",
        "*, shop, true",
        "shop-*, shop-eu, true",
        "shop-*, shop, false",
        "*-eu, shop-eu, true",
        "a*c*e, abcde, true",
        "a*c*e, abcd, false"
    })
    void functionPatternsMatch(String pattern, String name, boolean matches) {
        assertThat(Credentials.matches(pattern, name)).isEqualTo(matches);
    }

    @Test
    void credentialIsBoundToItsFunctionsAndMayBeRotated(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("credentials");
        Files.writeString(file, "# who may come in\nshop = old-secret\nshop = new-secret\npay-* = pay-secret\n");
        Credentials credentials = Credentials.of(null, file);
        assertThat(credentials.secrets()).hasSize(3);
        Hello shop = hello("shop");
        assertThat(credentials.decide(credentials.secrets().get(0), shop)).isEqualTo(Decision.ALLOWED);
        assertThat(credentials.decide(credentials.secrets().get(1), shop)).isEqualTo(Decision.ALLOWED);
        assertThat(credentials.decide(credentials.secrets().get(2), shop)).isEqualTo(Decision.UNAUTHORIZED);
        assertThat(credentials.decide(credentials.secrets().get(2), hello("pay-eu")))
                .isEqualTo(Decision.ALLOWED);
    }

    @Test
    void brokenCredentialsNameTheLineAndNotTheSecret(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("credentials");
        Files.writeString(file, "shop = fine\nSHOP = hidden-secret\n");
        assertThatThrownBy(() -> Credentials.of(null, file))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("line 2")
                .hasMessageNotContaining("hidden-secret");
    }

    @Test
    void routerWithoutCredentialDoesNotStart() {
        assertThatThrownBy(() -> Router.create(RequestPathTest.config("fluid.tunnel.secret", null)))
                .hasMessageContaining("fluid.tunnel.secret");
    }

    @Test
    void tunnelsBeyondLoopbackNeedTls() {
        assertThatThrownBy(() -> Router.create(RequestPathTest.config("fluid.router.tunnel.bind", "0.0.0.0")))
                .hasMessageContaining("fluid.tunnel.tls.certificate");
    }

    @Test
    void adminPortBeyondLoopbackNeedsAToken() {
        assertThatThrownBy(() -> Router.create(RequestPathTest.config("fluid.router.admin.bind", "0.0.0.0")))
                .hasMessageContaining("fluid.router.admin.token");
    }

    @Test
    void budgetStopsAStormOfRetries() {
        RetryBudget budget = new RetryBudget();
        int granted = 0;
        while (budget.tryRetry()) {
            granted++;
        }
        assertThat(granted).isEqualTo(2_000);
        for (int i = 0; i < 10; i++) {
            budget.onRequest();
        }
        assertThat(budget.tryRetry()).isTrue();
        assertThat(budget.tryRetry()).isTrue();
        assertThat(budget.tryRetry()).isFalse();
    }

    private static Hello hello(String function) {
        return Hello.builder()
                .role(Hello.Role.INSTANCE)
                .authentication(Hello.AUTH_SECRET)
                .nonce(new byte[Hello.NONCE_BYTES])
                .settings(io.fluid4j.frame.Settings.SERVER_DEFAULTS)
                .instanceId("i")
                .function(function)
                .deployment("d")
                .sessionGroup(new byte[Hello.SESSION_GROUP_BYTES])
                .keyId(new byte[4])
                .build();
    }
}
