/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.config;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Properties;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigTest {

    @TempDir
    Path folder;

    private final Map<String, String> explicit = new HashMap<>();
    private final Properties system = new Properties();
    private final Map<String, String> environment = new HashMap<>();

    @Test
    void theStrongerSourceWins() throws IOException {
        Path file = file("fluid.zone=from-file\nfluid.region=from-file\nfluid.deployment=from-file\nfluid.jmx=false\n");
        environment.put("FLUID_REGION", "from-environment");
        environment.put("FLUID_DEPLOYMENT", "from-environment");
        environment.put("FLUID_ZONE", "from-environment");
        system.setProperty("fluid.deployment", "from-system");
        system.setProperty("fluid.zone", "from-system");
        explicit.put("fluid.zone", "from-code");

        Config config = instance().file(file).build();

        assertThat(config.get(CommonKeys.ZONE)).isEqualTo("from-code");
        assertThat(config.get(InstanceKeys.DEPLOYMENT)).isEqualTo("from-system");
        assertThat(config.get(CommonKeys.REGION)).isEqualTo("from-environment");
        assertThat(config.get(InstanceKeys.JMX)).isFalse();
        assertThat(config.get(InstanceKeys.HEALTH_INTERVAL)).isEqualTo(Duration.ofMillis(250));
        assertThat(config.origin(CommonKeys.ZONE)).hasToString("explicit");
        assertThat(config.origin(InstanceKeys.DEPLOYMENT)).hasToString("system property -Dfluid.deployment");
        assertThat(config.origin(CommonKeys.REGION)).hasToString("environment FLUID_REGION");
        assertThat(config.origin(InstanceKeys.JMX)).hasToString("file " + file + ":4");
        assertThat(config.origin(InstanceKeys.HEALTH_INTERVAL)).hasToString("default");
    }

    @Test
    void everyProblemIsNamedAtOnce() throws IOException {
        Path file = file("# comment\nfluid.router.url = tcp://a:1\nfluid.health.interval=5\n\nfluid.zone = a b\n");
        system.setProperty("fluid.drain-timeuot", "5s");
        environment.put("FLUID_MAX_CONCURRENCY", "-1");
        explicit.clear();

        ConfigException problem = catchThrowableOfType(
                ConfigException.class, () -> builder(Role.INSTANCE).file(file).build());

        assertThat(problem.problems())
                .containsExactlyInAnyOrder(
                        "fluid.router.url (file " + file
                                + ":2) is not a known key (nearest known key: fluid.router.urls)",
                        "fluid.health.interval = \"5\" (file " + file
                                + ":3) is not valid (expected duration: 50ms to 60s, written with ms, s, m, h, d)",
                        "fluid.zone = \"a b\" (file " + file
                                + ":5) is not valid (expected text: 1 to 64 letters, digits, dots, dashes)",
                        "fluid.max-concurrency = \"-1\" (environment FLUID_MAX_CONCURRENCY) is not valid (expected"
                                + " integer: 0 to 1000000)",
                        "fluid.drain-timeuot (system property -Dfluid.drain-timeuot) is not a known key (nearest known"
                                + " key: fluid.drain-timeout)",
                        "fluid.function is not set (expected: 1 to 63 of a-z, 0-9, dot, dash; begins and ends with a"
                                + " letter or digit; set it in the file, or as FLUID_FUNCTION)",
                        "neither fluid.router.urls (expected: addresses such as tcp://127.0.0.1:7443) nor"
                                + " fluid.resolver.urls (expected: addresses such as http://127.0.0.1:9054) is set: this"
                                + " instance would not know whom to dial",
                        "no credential for the tunnel: set fluid.tunnel.secret-file (or fluid.tunnel.secret), or"
                                + " fluid.tunnel.tls.certificate and .key for mutual TLS");
        assertThat(problem).hasMessageStartingWith("The configuration has 8 problems:\n  - ");
    }

    @Test
    void anUnknownVariableOnlyWarns() {
        environment.put("FLUID_ROUTER_SERVICE_HOST", "10.0.0.7");
        environment.put("FLUID_ROUTER_HTTP_PORT", "tcp://10.0.0.7:80");
        environment.put("FLUID_ZONE", "");
        environment.put("UNRELATED", "x");

        Config config = instance().build();

        assertThat(config.warnings()).hasSize(2);
        assertThat(config.warnings().get(0)).contains("FLUID_ROUTER_HTTP_PORT").contains("Kubernetes");
        assertThat(config.warnings().get(1)).contains("FLUID_ROUTER_SERVICE_HOST");
        assertThat(config.get(CommonKeys.ZONE)).isEqualTo("default");
    }

    @Test
    void dashesMayBeUnderscoresOrMissingInTheEnvironment() {
        environment.put("FLUID_DRAIN_TIMEOUT", "7s");
        environment.put("FLUID_WAITUNTIL_TIMEOUT", "8s");

        Config config = instance().build();

        assertThat(config.get(CommonKeys.DRAIN_TIMEOUT)).isEqualTo(Duration.ofSeconds(7));
        assertThat(config.get(InstanceKeys.WAIT_UNTIL_TIMEOUT)).isEqualTo(Duration.ofSeconds(8));
    }

    @Test
    void keysOfAnotherRoleAreAccepted() throws IOException {
        Config config = instance().file(file("fluid.router.http.port=80\n")).build();

        assertThat(config.entries()).anySatisfy(entry -> {
            assertThat(entry.name()).isEqualTo("fluid.router.http.port");
            assertThat(entry.value()).isEqualTo("80");
        });
    }

    @Test
    void buildPropertiesAreLeftAlone() {
        system.setProperty("fluid.test.java", "/somewhere/java");

        assertThat(instance().build().warnings()).isEmpty();
    }

    @Test
    void aSecretMayLieInAFile() throws IOException {
        Path secret = Files.writeString(folder.resolve("secret"), "s3cret of some length\r\n", UTF_8);
        Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rw-------"));
        explicit.remove("fluid.tunnel.secret");
        environment.put("FLUID_TUNNEL_SECRET_FILE", secret.toString());

        Config config = instance().build();

        assertThat(config.get(CommonKeys.TUNNEL_SECRET).reveal()).isEqualTo("s3cret of some length");
        assertThat(config.origin(CommonKeys.TUNNEL_SECRET)).hasToString("environment FLUID_TUNNEL_SECRET_FILE");
        assertThat(config.describe()).doesNotContain("s3cret").contains(secret.toString());
        assertThat(config.entries().toString()).doesNotContain("s3cret");
        assertThat(config.get(CommonKeys.TUNNEL_SECRET)).hasToString(Secret.MASK);
        assertThat(config.warnings()).isEmpty();
    }

    @Test
    void aSecretFileOthersMayReadIsWarnedAbout() throws IOException {
        Path secret = Files.writeString(folder.resolve("secret"), "s3cret", UTF_8);
        Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rw-r--r--"));
        explicit.remove("fluid.tunnel.secret");
        explicit.put("fluid.tunnel.secret-file", secret.toString());

        assertThat(instance().build().warnings()).singleElement().asString().contains(secret.toString());
    }

    @Test
    void theStrongerOfSecretAndSecretFileWins() throws IOException {
        Path secret = Files.writeString(folder.resolve("secret"), "from the file", UTF_8);
        explicit.clear();
        explicit.put("fluid.function", "shop");
        explicit.put("fluid.router.urls", "tcp://127.0.0.1:7443");
        Path weaker = file("fluid.tunnel.secret=weak\n");
        environment.put("FLUID_TUNNEL_SECRET_FILE", secret.toString());
        assertThat(instance().file(weaker).build().get(CommonKeys.TUNNEL_SECRET).reveal())
                .isEqualTo("from the file");

        system.setProperty("fluid.tunnel.secret", "strong");
        assertThat(instance().build().get(CommonKeys.TUNNEL_SECRET).reveal()).isEqualTo("strong");

        system.setProperty("fluid.tunnel.secret-file", secret.toString());
        assertThatThrownBy(() -> instance().build())
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("are both set")
                .hasMessageNotContaining("strong");
    }

    @Test
    void aBadSecretFileIsNamed() throws IOException {
        explicit.remove("fluid.tunnel.secret");
        explicit.put("fluid.tunnel.secret-file", folder.resolve("missing").toString());
        assertThatThrownBy(() -> instance().build()).hasMessageContaining("missing");

        explicit.put(
                "fluid.tunnel.secret-file",
                Files.createFile(folder.resolve("empty")).toString());
        assertThatThrownBy(() -> instance().build()).hasMessageContaining("is an empty file");
    }

    @Test
    void theFileMayBeNamedAndMustExist() throws IOException {
        Path file = file("fluid.zone=z9\n");
        environment.put("FLUID_CONFIG", file.toString());
        assertThat(instance().build().get(CommonKeys.ZONE)).isEqualTo("z9");
        assertThat(instance().build().file()).contains(file);

        system.setProperty("fluid.config", folder.resolve("nowhere").toString());
        assertThatThrownBy(() -> instance().build())
                .hasMessageContaining("nowhere")
                .hasMessageContaining("named by fluid.config");
    }

    @Test
    void theContainersFolderIsADefaultPlace() throws IOException {
        Path conf = Files.createDirectory(folder.resolve("conf"));
        Files.writeString(conf.resolve("fluid.properties"), "fluid.zone=tomcat\n");
        system.setProperty("catalina.base", folder.toString());
        assertThat(builder(Role.INSTANCE).build().get(CommonKeys.ZONE)).isEqualTo("tomcat");

        Path etc = Files.createDirectory(folder.resolve("etc"));
        Files.writeString(etc.resolve("fluid.properties"), "fluid.zone=jetty\n");
        system.remove("catalina.base");
        system.setProperty("jetty.base", folder.toString());
        assertThat(builder(Role.INSTANCE).build().get(CommonKeys.ZONE)).isEqualTo("jetty");
    }

    @Test
    void aKeyThatIsThereTwiceIsAProblem() throws IOException {
        Path file = file("fluid.zone=a\nfluid.region=r\nfluid.zone=b\n");

        assertThatThrownBy(() -> instance().file(file).build())
                .hasMessageContaining("fluid.zone is set twice in " + file + ", on lines 1 and 3");
    }

    @Test
    void continuationsAndPlaceholdersWork() throws IOException {
        environment.put("HOST_A", "a.example");
        explicit.remove("fluid.router.urls");
        Path file = file("fluid.router.urls = tcp://${env:HOST_A}:1, \\\n  tls://${env:HOST_B:-b.example}:2\n"
                + "fluid.zone=z1\n");

        Config config = instance().file(file).build();

        assertThat(config.get(InstanceKeys.ROUTER_URLS))
                .containsExactly(URI.create("tcp://a.example:1"), URI.create("tls://b.example:2"));
        assertThat(config.origin(CommonKeys.ZONE)).hasToString("file " + file + ":3");

        Path other = Files.writeString(folder.resolve("other"), "fluid.zone=${env:NOWHERE}\n");
        assertThatThrownBy(() -> instance().file(other).build()).hasMessageContaining("needs the variable NOWHERE");
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "250ms, 250",
        "30s, 30000",
        "5m, 300000",
        "2h, 7200000",
        "1d, 86400000",
        "90S, 90000",
    })
    void durations(String text, long millis) {
        ValueType<Duration> type = ValueTypes.duration(Duration.ZERO, Duration.ofDays(2));
        Duration value = type.parse(text);
        assertThat(value).isEqualTo(Duration.ofMillis(millis));
        assertThat(type.parse(type.format(value))).isEqualTo(value);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "5", "-5s", "1.5s", "5 s", "5x", "3d", "999999999999999s", "s"})
    void badDurations(String text) {
        ValueType<Duration> type = ValueTypes.duration(Duration.ZERO, Duration.ofDays(2));
        assertThatThrownBy(() -> type.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "512, 512",
        "64k, 65536",
        "64K, 65536",
        "64KiB, 65536",
        "64kb, 65536",
        "16m, 16777216",
        "1g, 1073741824"
    })
    void sizes(String text, long bytes) {
        ValueType<Long> type = ValueTypes.size(0, 1L << 40);
        assertThat(type.parse(text)).isEqualTo(bytes);
        assertThat(type.parse(type.format(bytes))).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-1", "1.5m", "1 m", "m", "2t", "999999999999999g"})
    void badSizes(String text) {
        ValueType<Long> type = ValueTypes.size(0, 1L << 40);
        assertThatThrownBy(() -> type.parse(text))
                .isInstanceOfAny(IllegalArgumentException.class, ArithmeticException.class);
    }

    @Test
    void thresholdsMayBeSwitchedOff() {
        explicit.put("fluid.admission.memory", "OFF");
        explicit.put("fluid.admission.descriptors", "85%");
        Config config = instance().build();

        assertThat(config.get(InstanceKeys.ADMIT_MEMORY)).isEqualTo(OptionalDouble.empty());
        assertThat(config.get(InstanceKeys.ADMIT_DESCRIPTORS)).isEqualTo(OptionalDouble.of(0.85));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://h:1",
                "tcp://h",
                "tcp://h:0",
                "tcp://h:70000",
                "tcp://u:p@h:1",
                "tcp://h:1/x",
                "tcp://h:1?x",
                "h:1",
                "tcp://h:1,,tcp://i:2"
            })
    void badRouterUrls(String text) {
        explicit.put("fluid.router.urls", text);
        assertThatThrownBy(() -> instance().build())
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("fluid.router.urls");
    }

    @Test
    void routesAreGroupedByName() throws IOException {
        Path file = file("fluid.route.shop.function=shop\nfluid.route.shop.path=/shop\n"
                + "fluid.route.shop.weight.v1.2=95\nfluid.route.blog.host=blog.example, *.blog.example\n");
        environment.put("FLUID_ROUTE_BLOG_FUNCTION", "blog");

        Config config = router().file(file).build();

        assertThat(config.group("fluid.route"))
                .containsOnly(
                        Map.entry("shop", Map.of("function", "shop", "path", "/shop", "weight.v1.2", "95")),
                        Map.entry("blog", Map.of("function", "blog", "host", "blog.example, *.blog.example")));
        assertThat(config.get(RouterKeys.ROUTE_WEIGHT.named("shop", "v1.2"))).isEqualTo(95);
        assertThat(config.get(RouterKeys.ROUTE_HOST.named("blog"))).containsExactly("blog.example", "*.blog.example");
        assertThat(config.get(RouterKeys.ROUTE_PATH.named("blog"))).isEqualTo("/");
        assertThat(config.find(RouterKeys.ROUTE_FUNCTION.named("other"))).isEmpty();
    }

    @Test
    void aBadKeyOfARouteIsNamed() throws IOException {
        Path file = file("fluid.route.shop.wieght.v1=5\nfluid.route.shop.path=shop\nfluid.route.NAME.function=x\n");

        assertThatThrownBy(() -> router().file(file).build())
                .hasMessageContaining("nearest known key: fluid.route.NAME.weight.DEPLOYMENT")
                .hasMessageContaining("fluid.route.shop.path = \"shop\"");
    }

    @Test
    void aTemplateWantsAllItsNames() {
        assertThatThrownBy(() -> RouterKeys.ROUTE_WEIGHT.named("shop")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> RouterKeys.ROUTE_PATH.named("a", "b")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> RouterKeys.ROUTE_PATH.named("a.b")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aRouterWithoutCredentialDoesNotStart() {
        explicit.clear();
        assertThatThrownBy(() -> builder(Role.ROUTER).build()).hasMessageContaining("fluid.tunnel.secret-file");

        explicit.put("fluid.tunnel.credentials-file", "credentials");
        assertThat(builder(Role.ROUTER).build().get(RouterKeys.TUNNEL_PORT)).isEqualTo(7443);
    }

    @Test
    void aTunnelPortBeyondLoopbackNeedsTls() {
        explicit.put("fluid.router.tunnel.bind", "0.0.0.0");
        assertThatThrownBy(() -> router().build()).hasMessageContaining("fluid.tunnel.tls.certificate");

        explicit.put("fluid.tunnel.tls.keystore", "k.p12");
        assertThat(router().build().get(RouterKeys.TUNNEL_BIND)).isEqualTo("0.0.0.0");
    }

    @Test
    void anAdminPortBeyondLoopbackNeedsAToken() {
        explicit.put("fluid.router.admin.bind", "::");
        assertThatThrownBy(() -> router().build()).hasMessageContaining("fluid.router.admin.token-file");

        explicit.put("fluid.router.admin.port", "off");
        assertThat(router().build().get(RouterKeys.ADMIN_PORT)).isEqualTo(OptionalInt.empty());
    }

    @Test
    void httpsNeedsACertificate() {
        explicit.put("fluid.router.https.port", "8443");
        assertThatThrownBy(() -> router().build()).hasMessageContaining("fluid.router.https.keystore");

        explicit.put("fluid.router.https.certificate", "c.pem");
        assertThatThrownBy(() -> router().build()).hasMessageContaining("go together");

        explicit.put("fluid.router.https.key", "k.pem");
        assertThat(router().build().get(RouterKeys.HTTPS_PORT)).hasValue(8443);
    }

    @Test
    void aResolverBeyondLoopbackNeedsAToken() {
        explicit.clear();
        explicit.put("fluid.resolver.bind", "192.0.2.1");
        assertThatThrownBy(() -> builder(Role.RESOLVER).build()).hasMessageContaining("fluid.resolver.token-file");

        explicit.put("fluid.resolver.token", "t");
        assertThat(builder(Role.RESOLVER).build().get(ResolverKeys.HTTP_PORT)).hasValue(9054);
    }

    @Test
    void etcdNeedsEndpoints() {
        explicit.put("fluid.resolver.store", "etcd");
        assertThatThrownBy(() -> builder(Role.RESOLVER).build()).hasMessageContaining("fluid.resolver.etcd.endpoints");
    }

    @Test
    void whatAProviderDeclaresIsKnown() {
        KeyFamily family = KeyFamily.of(Role.INSTANCE);
        ConfigKey<Integer> own = family.integer("fluid.my-plugin.size", 3, 1, 9).doc("Mine.");
        explicit.put("fluid.my-plugin.size", "4");

        assertThatThrownBy(() -> instance().build()).hasMessageContaining("is not a known key");
        assertThat(instance().keys(family.keys()).build().get(own)).isEqualTo(4);
    }

    @Test
    void aReloadTakesWhatMayChange() throws IOException {
        Path file = file("fluid.admission.memory=0.5\nfluid.health.interval=1s\n");
        Config before = instance().file(file).build();
        Files.writeString(file, "fluid.admission.memory=0.6\nfluid.health.interval=2s\nfluid.zone=z2\n");

        Config after = before.reloaded();

        assertThat(after.get(InstanceKeys.ADMIT_MEMORY)).isEqualTo(OptionalDouble.of(0.6));
        assertThat(after.get(InstanceKeys.HEALTH_INTERVAL)).isEqualTo(Duration.ofSeconds(1));
        assertThat(after.get(CommonKeys.ZONE)).isEqualTo("default");
        assertThat(after.warnings())
                .containsExactlyInAnyOrder(
                        "fluid.health.interval has changed, which takes effect at the next start",
                        "fluid.zone has changed, which takes effect at the next start");
        assertThat(before.get(InstanceKeys.ADMIT_MEMORY)).isEqualTo(OptionalDouble.of(0.5));

        Files.writeString(file, "fluid.admission.memory=2\n");
        assertThatThrownBy(after::reloaded).isInstanceOf(ConfigException.class);
    }

    @Test
    void aKeyThatNothingReadsYetIsWarnedAbout() {
        ConfigKey<Boolean> later = KeyFamily.of(Role.INSTANCE)
                .bool("fluid.of-a-later-version", false)
                .reserved()
                .doc("Of a later version.");
        explicit.put("fluid.of-a-later-version", "true");

        assertThat(instance().keys(List.of(later)).build().warnings())
                .containsExactly("fluid.of-a-later-version (explicit) has no effect in this version");
    }

    @Test
    void aLenientConfigurationTellsItsProblems() throws IOException {
        explicit.clear();
        Config config = builder(Role.ROUTER)
                .file(file("fluid.zone=a b\nfluid.nothing=1\nfluid.region=r1\n"))
                .lenient()
                .build();

        assertThat(config.problems()).hasSize(3);
        assertThat(config.get(CommonKeys.ZONE)).isEqualTo("default");
        assertThat(config.get(CommonKeys.REGION)).isEqualTo("r1");
    }

    @Test
    void aKeyWithoutAValueSaysSo() {
        Config config = instance().build();

        assertThat(config.find(CommonKeys.RESOLVER_URLS)).isEmpty();
        assertThatThrownBy(() -> config.get(CommonKeys.RESOLVER_URLS))
                .isInstanceOf(NoSuchElementException.class)
                .hasMessageContaining("fluid.resolver.urls");
    }

    @Test
    void everyDefaultIsValidAndEveryKeyIsDescribed() {
        for (ConfigKey<?> key : KeyCatalog.of(List.of()).keys()) {
            assertThat(key.doc()).as(key.name()).endsWith(".");
            assertThat(key.type().range()).as(key.name()).isNotBlank();
            assertThat(key.name()).startsWith(ConfigBuilder.PREFIX).doesNotStartWith("fluid.test.");
            assertThat(roundTrips(key)).as(key.name()).isTrue();
        }
    }

    private static <T> boolean roundTrips(ConfigKey<T> key) {
        return key.defaultValue()
                .map(value -> key.type().parse(key.type().format(value)).equals(value))
                .orElse(true);
    }

    @Test
    void noTwoKeysShareAVariable() {
        List<String> variables = KeyCatalog.of(List.of()).keys().stream()
                .map(ConfigKey::environmentName)
                .toList();
        assertThat(variables).doesNotHaveDuplicates();
        KeyCatalog catalog = KeyCatalog.of(List.of());
        catalog.keys().stream().filter(key -> !key.template()).forEach(key -> assertThat(
                        catalog.nameOfVariable(key.environmentName()))
                .isEqualTo(key.name()));
    }

    @ParameterizedTest
    @CsvSource({"kitten, sitting, 3", "abc, abc, 0", "abc, acb, 1", "'', abc, 3", "fluid.zone, fluid.zoen, 1"})
    void distances(String a, String b, int expected) {
        assertThat(KeyCatalog.distance(a, b)).isEqualTo(expected);
        assertThat(KeyCatalog.distance(b, a)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.0.0/8, 10.255.0.1, true",
        "10.0.0.0/8, 11.0.0.1, false",
        "10.1.2.3, 10.1.2.3, true",
        "10.1.2.3, 10.1.2.4, false",
        "192.168.4.0/22, 192.168.7.255, true",
        "192.168.4.0/22, 192.168.8.0, false",
        "0.0.0.0/0, 1.2.3.4, true",
        "0.0.0.0/0, ::1, false",
        "fd00::/8, fdff::1, true",
        "fd00::/8, fe00::1, false",
    })
    void addressRanges(String range, String address, boolean inside) throws IOException {
        assertThat(AddressRange.parse(range).contains(InetAddress.getByName(address)))
                .isEqualTo(inside);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "example.com", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0/8", "::1/129", "10.0.0.0/x", "999.1.1.1"
            })
    void badAddressRanges(String text) {
        assertThatThrownBy(() -> AddressRange.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1, true",
        "127.9.9.9, true",
        "::1, true",
        "localhost, true",
        "0.0.0.0, false",
        "::, false",
        "10.0.0.1, false",
        "localhost.example.com, false",
    })
    void loopback(String bind, boolean expected) {
        assertThat(ConfigRules.isLoopback(bind)).isEqualTo(expected);
    }

    @BeforeEach
    void enoughForAnInstance() {
        explicit.put("fluid.function", "shop");
        explicit.put("fluid.router.urls", "tcp://127.0.0.1:7443");
        explicit.put("fluid.tunnel.secret", "a secret of some length");
    }

    private ConfigBuilder instance() {
        return builder(Role.INSTANCE);
    }

    private ConfigBuilder router() {
        return builder(Role.ROUTER);
    }

    private ConfigBuilder builder(Role role) {
        return Config.builder()
                .role(role)
                .systemProperties(system)
                .environment(environment)
                .explicit(explicit);
    }

    private Path file(String text) throws IOException {
        return Files.writeString(folder.resolve("fluid.properties"), text, UTF_8);
    }
}
