/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.config;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/** Keys that more than one role reads. */
public final class CommonKeys {

    private static final KeyFamily KEYS = KeyFamily.of(Role.INSTANCE, Role.ROUTER);

    /** Names the configuration file. */
    public static final ConfigKey<Path> CONFIG = KEYS.path("fluid.config", null, "a readable properties file")
            .roles(Role.INSTANCE, Role.ROUTER, Role.RESOLVER)
            .shownDefault("the first of `$CATALINA_BASE/conf/fluid.properties`, `$JETTY_BASE/etc/fluid.properties`, "
                    + "`./fluid.properties`")
            .doc("The configuration file. Cannot be set in a file.");

    /** Where the process runs: the wider place. */
    public static final ConfigKey<String> REGION = KEYS.text(
                    "fluid.region", "default", "[A-Za-z0-9._-]{1,64}", "1 to 64 letters, digits, dots, dashes")
            .roles(Role.INSTANCE, Role.ROUTER, Role.RESOLVER)
            .doc("Region of this process. Nearer routers are preferred: same zone, then same region, then the rest.");

    /** Where the process runs: the narrower place. */
    public static final ConfigKey<String> ZONE = KEYS.text(
                    "fluid.zone", "default", "[A-Za-z0-9._-]{1,64}", "1 to 64 letters, digits, dots, dashes")
            .roles(Role.INSTANCE, Role.ROUTER, Role.RESOLVER)
            .doc("Zone of this process inside its region.");

    /** Resolvers to ask or to register at. */
    public static final ConfigKey<List<URI>> RESOLVER_URLS = KEYS.addresses(
                    "fluid.resolver.urls", Set.of("http", "https"))
            .shownDefault("none; a router then has its own inside")
            .doc("Resolvers, all of one store. A router registers there and follows their watch. An instance finds the"
                    + " routers there that it dials (`fluid.resolver.dial-count`), and follows their changes; while no"
                    + " resolver can be reached it goes on with the routers it knows.");

    /** What a resolver wants to be shown before it takes a registration. */
    public static final ConfigKey<Secret> RESOLVER_TOKEN = KEYS.secret("fluid.resolver.token")
            .roles(Role.INSTANCE, Role.ROUTER, Role.RESOLVER)
            .doc("Bearer token of the resolver's HTTP face: a resolver asks for it, routers and instances show it."
                    + " A resolver that listens beyond loopback needs one.");

    /** The secret that both ends of a tunnel prove to know. */
    public static final ConfigKey<Secret> TUNNEL_SECRET = KEYS.secret("fluid.tunnel.secret")
            .doc("Shared secret of both ends of a tunnel. Both prove that they know it; it is never sent. At least 16"
                    + " characters are advised. On a router it is valid for every function; see"
                    + " `fluid.tunnel.credentials-file` for secrets per function.");

    /** Certificate chain for tunnels. */
    public static final ConfigKey<Path> TLS_CERTIFICATE = KEYS.path("fluid.tunnel.tls.certificate", null, "a PEM file")
            .reloadable()
            .doc("Certificate chain of this end of the tunnel, leaf first. Read again when it changes.");

    /** Private key of that certificate. */
    public static final ConfigKey<Path> TLS_KEY = KEYS.path("fluid.tunnel.tls.key", null, "a PEM file (PKCS #8)")
            .reloadable()
            .doc("Private key of `fluid.tunnel.tls.certificate`.");

    /** Certificates that are trusted at the other end. */
    public static final ConfigKey<Path> TLS_TRUST = KEYS.path("fluid.tunnel.tls.trust", null, "a PEM file")
            .reloadable()
            .shownDefault("the JVM's own")
            .doc("Certificates of authorities that the other end's certificate must come from.");

    /** Key store instead of PEM files. */
    public static final ConfigKey<Path> TLS_KEYSTORE = KEYS.path("fluid.tunnel.tls.keystore", null, "a PKCS #12 file")
            .reloadable()
            .doc("Certificate and key in one file, instead of the two PEM files.");

    /** Password of the key store. */
    public static final ConfigKey<Secret> TLS_KEYSTORE_PASSWORD =
            KEYS.secret("fluid.tunnel.tls.keystore-password").doc("Password of `fluid.tunnel.tls.keystore`.");

    /** Trust store instead of a PEM file. */
    public static final ConfigKey<Path> TLS_TRUSTSTORE = KEYS.path(
                    "fluid.tunnel.tls.truststore", null, "a PKCS #12 file")
            .reloadable()
            .doc("Authorities in a PKCS #12 file, instead of `fluid.tunnel.tls.trust`.");

    /** Password of the trust store. */
    public static final ConfigKey<Secret> TLS_TRUSTSTORE_PASSWORD =
            KEYS.secret("fluid.tunnel.tls.truststore-password").doc("Password of `fluid.tunnel.tls.truststore`.");

    /** How often each side asks whether the other lives. */
    public static final ConfigKey<Duration> PING_INTERVAL = KEYS.duration(
                    "fluid.tunnel.ping-interval", "2s", "100ms", "60s")
            .doc("How often this end asks whether the other one lives. The tunnel is closed after two pings without"
                    + " any sign of life.");

    /** Largest frame payload this end takes. */
    public static final ConfigKey<Long> MAX_FRAME =
            KEYS.size("fluid.tunnel.max-frame", "128k", "16k", "1m").doc("Largest frame payload this end accepts.");

    /** Largest head this end takes. */
    public static final ConfigKey<Long> MAX_HEAD = KEYS.size("fluid.tunnel.max-head", "96k", "8k", "1m")
            .doc("Largest encoded request or response head this end accepts.");

    /** Initial credit of one stream. */
    public static final ConfigKey<Long> STREAM_WINDOW = KEYS.size("fluid.tunnel.stream-window", "256k", "16k", "16m")
            .doc("Body octets one stream may have under way towards this end at its start, unless the byte budget has"
                    + " less; it grows while its reader keeps up.");

    /** Credit of a whole session. */
    public static final ConfigKey<Long> SESSION_WINDOW = KEYS.size("fluid.tunnel.session-window", "16m", "64k", "1g")
            .doc("Body octets all streams of a tunnel together may have under way towards this end.");

    /** Body octets queued by one process. */
    public static final ConfigKey<Long> BYTE_BUDGET = KEYS.size("fluid.tunnel.byte-budget", null, "1m", "64g")
            .shownDefault("a quarter of the heap, 256m at most")
            .doc("Body octets that all tunnels of this process together may have granted and not yet passed on,"
                    + " however many streams there are. The less is left, the smaller are the windows of streams; each"
                    + " keeps 4k to move with.");

    /** How long a stream may be silent. */
    public static final ConfigKey<Duration> STREAM_IDLE_TIMEOUT = KEYS.duration(
                    "fluid.stream-idle-timeout", "300s", "1s", "1d")
            .roles(Role.ROUTER)
            .reloadable()
            .doc("A request whose client and application have both been silent for this long is cancelled.");

    /** How long a drain may take. */
    public static final ConfigKey<Duration> DRAIN_TIMEOUT = KEYS.duration("fluid.drain-timeout", "30s", "0", "1h")
            .doc("How long requests that run may go on when the process stops or an instance is drained. What is left"
                    + " then is cut, and counted.");

    private CommonKeys() {}

    static KeyFamily family() {
        return KEYS;
    }
}
