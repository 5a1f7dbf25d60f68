/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.config;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;

/** Keys of a router that starts and stops instances itself. NAME is that of a pool: the instances of one function. */
public final class ProvisionKeys {

    /** What all the names here begin with; {@link Config#group} tells the pools that are configured. */
    public static final String PREFIX = "fluid.provision";

    private static final KeyFamily KEYS = KeyFamily.of(Role.ROUTER);

    /** Who starts and stops them. */
    public static final ConfigKey<String> PROVIDER = KEYS.text(
                    "fluid.provision.NAME.provider", null, "[a-z0-9][a-z0-9-]{0,63}", "the name of a provider")
            .doc("Who starts and stops the instances of pool NAME: `local-process` (servers on this machine),"
                    + " `webhook` (tells a URL), or the name of a plugin's. Required for each pool.");

    /** The function. */
    public static final ConfigKey<String> FUNCTION = KEYS.text(
                    "fluid.provision.NAME.function",
                    null,
                    "[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?",
                    "the name of a function")
            .shownDefault("NAME")
            .doc("The function whose instances the pool holds.");

    /** Instances that are always there. */
    public static final ConfigKey<Integer> MIN = KEYS.integer("fluid.provision.NAME.min", 1, 1, 10_000)
            .doc("Instances that are kept warm, whoever has started them.");

    /** Most instances. */
    public static final ConfigKey<Integer> MAX = KEYS.integer("fluid.provision.NAME.max", 4, 1, 10_000)
            .doc("Most instances at once, those that start or drain included.");

    /** How long there must be too many. */
    public static final ConfigKey<Duration> IDLE_TIME = KEYS.duration(
                    "fluid.provision.NAME.idle-time", "60s", "1s", "1d")
            .doc("One instance is drained and stopped when fewer would have done for this long.");

    /** How long a start may take. */
    public static final ConfigKey<Duration> START_TIMEOUT = KEYS.duration(
                    "fluid.provision.NAME.start-timeout", "60s", "1s", "1h")
            .doc("An instance that has not connected this long after it was asked for counts as failed.");

    /** Wait after a failed start. */
    public static final ConfigKey<Duration> BACK_OFF = KEYS.duration(
                    "fluid.provision.NAME.back-off", "1s", "100ms", "10m")
            .doc("Wait after a start that failed; doubles with each failure in a row, up to 64 times as long.");

    /** The folder that is copied. */
    public static final ConfigKey<Path> TEMPLATE = KEYS.path(
                    "fluid.provision.NAME.template", null, "a folder, a `$CATALINA_BASE` or `$JETTY_BASE`")
            .doc("`local-process`: base folder of a Tomcat or Jetty that is an instance of the function; each"
                    + " instance gets a copy. Its ports are replaced by free ones.");

    /** The server. */
    public static final ConfigKey<Path> HOME = KEYS.path(
                    "fluid.provision.NAME.home", null, "a folder, a `$CATALINA_HOME` or `$JETTY_HOME`")
            .shownDefault("the template itself")
            .doc("`local-process`: where the server's own files are.");

    /** The Java. */
    public static final ConfigKey<Path> JAVA_HOME = KEYS.path(
                    "fluid.provision.NAME.java-home", null, "the folder of a JDK or JRE")
            .shownDefault("the router's own")
            .doc("`local-process`: the Java that runs the instances.");

    /** Options of the JVM. */
    public static final ConfigKey<String> JAVA_OPTIONS = KEYS.text(
                    "fluid.provision.NAME.java-options", null, "[ -~]{1,4096}", "options, separated by blanks")
            .doc("`local-process`: options of the instances' JVM, such as `-Xmx512m`. There is no quoting.");

    /** Shared classes. */
    public static final ConfigKey<Boolean> ARCHIVE = KEYS.bool("fluid.provision.NAME.archive", true)
            .doc("`local-process`: keep the classes of the server, loaded and verified, in a file that all instances"
                    + " share (class-data sharing; from Java 25 on the AOT cache). It is made once, in the background,"
                    + " beside the first start; Tomcat only.");

    /** Who is told. */
    public static final ConfigKey<URI> WEBHOOK_URL = KEYS.draft(
                    "fluid.provision.NAME.webhook.url", ValueTypes.webAddress(), null)
            .doc("`webhook`: where each order is posted, as JSON.");

    /** Key of the signature. */
    public static final ConfigKey<Secret> WEBHOOK_SECRET = KEYS.secret("fluid.provision.NAME.webhook.secret")
            .doc("`webhook`: key of the HMAC-SHA256 over time and body in the field `Fluid-Signature`.");

    /** How long an answer may take. */
    public static final ConfigKey<Duration> WEBHOOK_TIMEOUT = KEYS.duration(
                    "fluid.provision.NAME.webhook.timeout", "5s", "100ms", "5m")
            .doc("`webhook`: how long an answer may take. Without one, or with one that is not 2xx, the order is posted"
                    + " again, after waits that double from 500ms, four times at most.");

    private ProvisionKeys() {}

    static KeyFamily family() {
        return KEYS;
    }
}
