/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.config;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;

/** Keys of the HTTP front. */
public final class RouterKeys {

    private static final String BIND = "[A-Za-z0-9.:_-]{1,253}";
    private static final String BIND_RANGE = "an address or host name of this machine";
    private static final String NAME = "[a-z0-9.-]{1,253}";

    private static final KeyFamily KEYS = KeyFamily.of(Role.ROUTER);

    /** Plain HTTP for clients. */
    public static final ConfigKey<OptionalInt> HTTP_PORT = KEYS.portOrOff("fluid.router.http.port", "8080")
            .doc("Port for clients: HTTP/1.1 and h2c. 0 takes any free one.");

    /** Where plain HTTP and HTTPS listen. */
    public static final ConfigKey<String> HTTP_BIND = KEYS.text("fluid.router.http.bind", "0.0.0.0", BIND, BIND_RANGE)
            .doc("Address that both client ports listen on.");

    /** HTTPS for clients. */
    public static final ConfigKey<OptionalInt> HTTPS_PORT = KEYS.portOrOff("fluid.router.https.port", "off")
            .doc("Port for clients over TLS: HTTP/2 or HTTP/1.1 by ALPN. Needs a certificate.");

    /** Certificate chain for HTTPS. */
    public static final ConfigKey<Path> HTTPS_CERTIFICATE = KEYS.path(
                    "fluid.router.https.certificate", null, "a PEM file")
            .reloadable()
            .doc("Certificate chain shown to clients, leaf first. Read again when it changes.");

    /** Private key for HTTPS. */
    public static final ConfigKey<Path> HTTPS_KEY = KEYS.path("fluid.router.https.key", null, "a PEM file (PKCS #8)")
            .reloadable()
            .doc("Private key of `fluid.router.https.certificate`.");

    /** Key store instead of PEM files. */
    public static final ConfigKey<Path> HTTPS_KEYSTORE = KEYS.path(
                    "fluid.router.https.keystore", null, "a PKCS #12 file")
            .reloadable()
            .doc("Certificate and key in one file, instead of the two PEM files.");

    /** Password of the key store. */
    public static final ConfigKey<Secret> HTTPS_KEYSTORE_PASSWORD =
            KEYS.secret("fluid.router.https.keystore-password").doc("Password of `fluid.router.https.keystore`.");

    /** Authorities of client certificates. */
    public static final ConfigKey<Path> HTTPS_CLIENT_TRUST = KEYS.path(
                    "fluid.router.https.client-trust", null, "a PEM file")
            .reloadable()
            .doc("Authorities of client certificates. When set, clients are asked for one, and it is passed on to the"
                    + " application.");

    /** Whether clients must show a certificate. */
    public static final ConfigKey<Boolean> HTTPS_CLIENT_REQUIRED = KEYS.bool(
                    "fluid.router.https.client-required", false)
            .doc("Refuse clients without a certificate. Needs `fluid.router.https.client-trust`.");

    /** Silence on a client connection. */
    public static final ConfigKey<Duration> HTTP_IDLE_TIMEOUT = KEYS.duration(
                    "fluid.router.http.idle-timeout", "60s", "1s", "1h")
            .doc("A client connection without a request for this long is closed.");

    /** Time for a request head. */
    public static final ConfigKey<Duration> HTTP_HEADER_TIMEOUT = KEYS.duration(
                    "fluid.router.http.header-timeout", "15s", "100ms", "10m")
            .doc("Time a client has to send a whole request head once it has begun; then 408.");

    /** Streams of one HTTP/2 connection. */
    public static final ConfigKey<Integer> HTTP2_MAX_STREAMS = KEYS.integer(
                    "fluid.router.http2.max-streams", 128, 1, 100_000)
            .doc("Requests one HTTP/2 connection of a client may have in flight.");

    /** How long a flooding address is kept out. */
    public static final ConfigKey<Optional<Duration>> HTTP_TURN_AWAY = KEYS.durationOrOff(
                    "fluid.router.http.turn-away", "10s", "100ms", "1h")
            .doc("New connections of an address are closed at once for so long when several of its connections had to"
                    + " be cut off for floods of resets, pings, settings or empty frames. Those of"
                    + " `fluid.trusted-proxies` never are.");

    /** Client connections. */
    public static final ConfigKey<Integer> MAX_CONNECTIONS = KEYS.integer(
                    "fluid.router.http.max-connections", 0, 0, 10_000_000)
            .doc("Most client connections at once; 0: no limit but the machine's.");

    /** Longest request target. */
    public static final ConfigKey<Long> MAX_TARGET = KEYS.size("fluid.router.max-target", "8k", "256", "64k")
            .doc("Longest path and query; longer ones get 414.");

    /** Largest request fields. */
    public static final ConfigKey<Long> MAX_HEADER_SIZE = KEYS.size("fluid.router.max-header-size", "64k", "1k", "512k")
            .doc("All header fields of a request together; more gets 431.");

    /** Most request fields. */
    public static final ConfigKey<Integer> MAX_HEADERS =
            KEYS.integer("fluid.router.max-headers", 100, 10, 256).doc("Header fields of a request; more gets 431.");

    /** Largest request body. */
    public static final ConfigKey<OptionalLong> MAX_BODY = KEYS.sizeOrOff("fluid.router.max-body", "off", "0", "1024g")
            .reloadable()
            .doc("Largest request body; a larger one gets 413.");

    /** Threads that read and write sockets. */
    public static final ConfigKey<Integer> SELECTORS = KEYS.integer("fluid.router.selectors", 0, 0, 1_024)
            .doc("Threads that serve client connections and tunnels; 0: found from the processors.");

    /** Where instances dial. */
    public static final ConfigKey<Integer> TUNNEL_PORT =
            KEYS.port("fluid.router.tunnel.port", 7443).doc("Port that instances dial. 0 takes any free one.");

    /** Where the tunnel port listens. */
    public static final ConfigKey<String> TUNNEL_BIND = KEYS.text(
                    "fluid.router.tunnel.bind", "127.0.0.1", BIND, BIND_RANGE)
            .doc("Address the tunnel port listens on. Anything but loopback needs `fluid.tunnel.tls.*`.");

    /** Most unfinished handshakes. */
    public static final ConfigKey<Integer> MAX_HANDSHAKES = KEYS.integer(
                    "fluid.router.tunnel.max-handshakes", 256, 1, 100_000)
            .doc("Most tunnels at once that have not finished their handshake; beyond it the one that has taken longest"
                    + " is closed.");

    /** Secrets for each function. */
    public static final ConfigKey<Path> CREDENTIALS_FILE = KEYS.path(
                    "fluid.tunnel.credentials-file", null, "a readable file")
            .reloadable()
            .doc(
                    "One `FUNCTION-PATTERN = SECRET`, or `FUNCTION-PATTERN = subject:CN=...`, a line. Several lines for one"
                            + " pattern are all valid, so that secrets can be rotated.");

    /** Operator's port. */
    public static final ConfigKey<OptionalInt> ADMIN_PORT = KEYS.portOrOff("fluid.router.admin.port", "9090")
            .doc("Port of health, metrics, dashboard and admin API. 0 takes any free one.");

    /** Where the operator's port listens. */
    public static final ConfigKey<String> ADMIN_BIND = KEYS.text(
                    "fluid.router.admin.bind", "127.0.0.1", BIND, BIND_RANGE)
            .doc("Address the admin port listens on. Anything but loopback needs a token.");

    /** Operator's token. */
    public static final ConfigKey<Secret> ADMIN_TOKEN = KEYS.secret("fluid.router.admin.token")
            .doc("Bearer token that the admin API asks for, and that the `fluid` command shows.");

    /** Function of a route. */
    public static final ConfigKey<String> ROUTE_FUNCTION = KEYS.text(
                    "fluid.route.NAME.function", null, "[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?", "the name of a function")
            .reloadable()
            .shownDefault("NAME")
            .doc("The function that route NAME leads to. Without any route, and with only one function connected, that"
                    + " one answers everything.");

    /** Hosts of a route. */
    public static final ConfigKey<List<String>> ROUTE_HOST = KEYS.texts(
                    "fluid.route.NAME.host",
                    null,
                    "\\*|(\\*\\.)?[A-Za-z0-9.:\\[\\]-]{1,253}",
                    "host names such as `shop.example.com`, `*.example.com`, `*`")
            .reloadable()
            .shownDefault("every host")
            .doc("Hosts of the route.");

    /** Path prefix of a route. */
    public static final ConfigKey<String> ROUTE_PATH = KEYS.text(
                    "fluid.route.NAME.path", "/", "/[!-~]{0,1023}", "a path that begins with /")
            .reloadable()
            .doc("Path prefix of the route, whole segments. The longest one that fits wins.");

    /** Share of a deployment. */
    public static final ConfigKey<Integer> ROUTE_WEIGHT = KEYS.integer(
                    "fluid.route.NAME.weight.DEPLOYMENT", 0, 1_000_000)
            .reloadable()
            .shownDefault("equal shares")
            .doc("Weight of one deployment on the route. When any is given, deployments without one get nothing.");

    /** Proxies that are believed. */
    public static final ConfigKey<List<AddressRange>> TRUSTED_PROXIES = KEYS.addressRanges("fluid.trusted-proxies")
            .reloadable()
            .shownDefault("none")
            .doc("Proxies whose `Forwarded` and `X-Forwarded-*` are believed. Those of others are removed.");

    /** Name of this router. */
    public static final ConfigKey<String> ROUTER_ID = KEYS.text(
                    "fluid.router.id", null, NAME, "1 to 253 of a-z, 0-9, dot, dash")
            .shownDefault("generated at each start")
            .doc("Name of this router in the fleet. Must be unique.");

    /** Where clients reach this router. */
    public static final ConfigKey<String> ADVERTISE_HTTP = KEYS.text(
                    "fluid.router.advertise.http", null, "[A-Za-z0-9.:\\[\\]_-]{1,253}:[0-9]{1,5}", "host:port")
            .shownDefault("derived from the machine's name and the port")
            .doc("Where clients reach this router; what it registers at the resolver.");

    /** Where instances reach this router. */
    public static final ConfigKey<URI> ADVERTISE_TUNNEL = KEYS.address(
                    "fluid.router.advertise.tunnel", Set.of("tcp", "tls"))
            .shownDefault("derived from the machine's name and the port")
            .doc("Where instances reach this router; what it registers at the resolver.");

    /** Secret between routers. */
    public static final ConfigKey<Secret> PEER_SECRET = KEYS.secret("fluid.router.peer-secret")
            .doc("What routers of a fleet prove to each other. With it a request for a function that no instance here"
                    + " serves goes to a router that holds one. Must not be `fluid.tunnel.secret`.");

    /** Unused tunnels to other routers. */
    public static final ConfigKey<Duration> PEER_IDLE_TIMEOUT = KEYS.duration(
                    "fluid.router.peer-idle-timeout", "60s", "100ms", "1d")
            .doc("A tunnel to another router is closed when no request has used it for so long.");

    /** Tunnels to other routers. */
    public static final ConfigKey<Integer> MAX_PEER_TUNNELS = KEYS.integer(
                    "fluid.router.max-peer-tunnels", 256, 1, 65_536)
            .doc("Most tunnels to other routers at once; for one more, the longest unused one is closed.");

    /** Policy of selection. */
    public static final ConfigKey<String> SELECTOR = KEYS.text(
                    "fluid.router.selector", "least-loaded", "[a-z0-9][a-z0-9-]{0,63}", "the name of a selector")
            .doc("How the instance for a request is chosen: `least-loaded` (most resources left, fewest requests),"
                    + " `p2c` (the better of two at random), `round-robin`, or the name of a plugin's.");

    /** Time in which a new instance gets its full share. */
    public static final ConfigKey<Duration> SLOW_START = KEYS.duration("fluid.router.slow-start", "10s", "0", "10m")
            .doc("How long an instance that has just connected gets less than its share while others serve: from a"
                    + " tenth to all of it. 0: its full share at once.");

    /** Longest wait for an instance. */
    public static final ConfigKey<Duration> MAX_WAIT = KEYS.duration("fluid.router.max-wait", "1s", "0", "60s")
            .reloadable()
            .doc("Upper bound of waiting for an instance. A request waits only while its estimated wait is below it and"
                    + " an instance will be free soon or is starting; else 503 at once.");

    /** Requests that may wait. */
    public static final ConfigKey<Integer> MAX_WAITING = KEYS.integer("fluid.router.max-waiting", 10_000, 0, 10_000_000)
            .reloadable()
            .doc("Most requests of a function that wait for the same instances at once.");

    /** Instances to try. */
    public static final ConfigKey<Integer> MAX_ATTEMPTS = KEYS.integer("fluid.router.max-attempts", 5, 1, 100)
            .reloadable()
            .doc("Instances one request is offered to, one after another, while each says that it has not started it.");

    /** Request body kept for another instance. */
    public static final ConfigKey<Long> REPLAY_BUFFER = KEYS.size("fluid.router.replay-buffer", "320k", "0", "16m")
            .doc(
                    "Request body kept in memory until the request has started, so that another instance can take it."
                            + " Before that an instance takes no more than the stream window, which with one piece fits in here.");

    /** Time to the start of the response. */
    public static final ConfigKey<Duration> REQUEST_TIMEOUT = KEYS.duration(
                    "fluid.request-timeout", "300s", "10ms", "1d")
            .reloadable()
            .doc("Time to the start of the response; then 504, and the application is told to stop.");

    /** Routers a request may pass. */
    public static final ConfigKey<Integer> MAX_HOPS = KEYS.integer("fluid.router.max-hops", 4, 1, 255)
            .reloadable()
            .doc("How often a request may come through this fleet; then 508.");

    /** Time between not ready and closing. */
    public static final ConfigKey<Duration> SHUTDOWN_DELAY = KEYS.duration(
                    "fluid.router.shutdown-delay", "5s", "0", "10m")
            .doc("On SIGTERM: how long requests are still accepted after `/readyz` has begun to say no.");

    /** Ledger of usage. */
    public static final ConfigKey<String> USAGE_JDBC_URL = KEYS.text(
                    "fluid.usage.jdbc-url", null, "jdbc:[!-~]+", "a JDBC URL without credentials")
            .shownDefault("a file under `fluid.data-dir`")
            .doc("Where usage is kept; `jdbc:postgresql://…` for several routers.");

    /** User of the ledger. */
    public static final ConfigKey<String> USAGE_USER =
            KEYS.text("fluid.usage.user", null, ".{1,128}", "a name").doc("User of the usage database.");

    /** Password of the ledger. */
    public static final ConfigKey<Secret> USAGE_PASSWORD =
            KEYS.secret("fluid.usage.password").doc("Password of the usage database.");

    /** How long minutes are told apart. */
    public static final ConfigKey<Duration> USAGE_KEEP_MINUTES = KEYS.duration(
                    "fluid.usage.keep-minutes", "7d", "1h", "400d")
            .doc("How long usage is kept by the minute; after that, by the hour.");

    /** How long usage is kept at all. */
    public static final ConfigKey<Duration> USAGE_KEEP =
            KEYS.duration("fluid.usage.keep", "400d", "1d", "36500d").doc("How long usage is kept at all.");

    /** What a router keeps. */
    public static final ConfigKey<Path> DATA_DIR = KEYS.path("fluid.data-dir", "./data", "a folder, made when missing")
            .doc("What the router keeps between two starts.");

    /** Price models. */
    public static final ConfigKey<Path> PRICE_BOOK = KEYS.path("fluid.price-book", null, "a JSON file")
            .shownDefault("the one that comes with Fluid4J")
            .reloadable()
            .doc("Price models as data, with source and date.");

    /** Where the access log goes. */
    public static final ConfigKey<String> ACCESS_LOG = KEYS.text(
                    "fluid.router.access-log", "off", "[^\\x00-\\x1F]{1,1024}", "off, stdout, or a file")
            .doc("Where one line for each ended request goes.");

    /** How the access log is written. */
    public static final ConfigKey<AccessLogFormat> ACCESS_LOG_FORMAT = KEYS.word(
                    "fluid.router.access-log-format", AccessLogFormat.COMBINED, AccessLogFormat.class)
            .doc("How a line is written.");

    /** Requests that can be explained. */
    public static final ConfigKey<Integer> EXPLAIN_KEEP = KEYS.integer(
                    "fluid.router.explain-keep", 10_000, 0, 10_000_000)
            .doc("Requests whose story is kept for `fluid explain`.");

    /** How a line of the access log is written. */
    public enum AccessLogFormat {
        /** The combined format of web servers. */
        COMBINED,
        /** One JSON object a line. */
        JSON
    }

    private RouterKeys() {}

    static KeyFamily family() {
        return KEYS;
    }
}
