/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.config;

import java.net.URI;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/** Keys of the process that answers which routers hold a function. */
public final class ResolverKeys {

    private static final KeyFamily KEYS = KeyFamily.of(Role.RESOLVER);

    /** DNS over UDP and TCP. */
    public static final ConfigKey<OptionalInt> DNS_PORT = KEYS.portOrOff("fluid.resolver.dns.port", "9053")
            .doc("Port for DNS over UDP and TCP. 0 takes any free one.");

    /** Look-ups and registrations over HTTP. */
    public static final ConfigKey<OptionalInt> HTTP_PORT = KEYS.portOrOff("fluid.resolver.http.port", "9054")
            .doc("Port for look-ups, registrations, health and metrics over HTTP. 0 takes any free one.");

    /** Where both listen. */
    public static final ConfigKey<String> BIND = KEYS.text(
                    "fluid.resolver.bind",
                    "127.0.0.1",
                    "[A-Za-z0-9.:_-]{1,253}",
                    "an address or host name of this machine")
            .doc("Address that both ports listen on. Anything but loopback needs `fluid.resolver.token`.");

    /** The zone it answers for. */
    public static final ConfigKey<String> DNS_ZONE = KEYS.text(
                    "fluid.resolver.zone",
                    "fluid.internal",
                    "[A-Za-z0-9]([A-Za-z0-9.-]{0,198}[A-Za-z0-9])?\\.?",
                    "a domain name of at most 200 octets")
            .doc("DNS zone it answers for; everything else is refused.");

    /** Limit of responses over UDP. */
    public static final ConfigKey<Integer> DNS_RATE_LIMIT = KEYS.integer(
                    "fluid.resolver.dns.rate-limit", 10_000, 0, 10_000_000)
            .doc("Most DNS responses a second over UDP for one network of clients (/24, /56 for IPv6); more are dropped"
                    + " or told to use TCP. A resolver that is bound to loopback limits nobody. 0: no limit.");

    /** Whether system calls are batched. */
    public static final ConfigKey<Boolean> DNS_BATCHED = KEYS.bool("fluid.resolver.dns.batched", true)
            .doc("Receive and send many DNS messages over UDP with one system call, where that can be done: on 64-bit"
                    + " Linux with Java 22 or newer, started with `--enable-native-access=ALL-UNNAMED` as `fluid` does."
                    + " The log says whether it is done.");

    /** Name of the key that DNS queries may be signed with. */
    public static final ConfigKey<String> DNS_TSIG_NAME = KEYS.text(
                    "fluid.resolver.dns.tsig.name",
                    null,
                    "[A-Za-z0-9_-]([A-Za-z0-9_.-]{0,198}[A-Za-z0-9_-])?\\.?",
                    "a domain name of at most 200 octets")
            .doc(
                    "Name of the key that DNS queries may be signed with (TSIG, HMAC-SHA256). The answer to a signed query is"
                            + " signed; one with another key or a wrong signature is refused. Queries without one are answered.");

    /** The key that DNS queries may be signed with. */
    public static final ConfigKey<Secret> DNS_TSIG_SECRET =
            KEYS.secret("fluid.resolver.dns.tsig.secret").doc("The key of that name, in Base64.");

    /** Where registrations live. */
    public static final ConfigKey<StoreKind> STORE = KEYS.word(
                    "fluid.resolver.store", StoreKind.MEMORY, StoreKind.class)
            .doc("Where registrations live: in this process, or in an etcd that several resolvers share.");

    /** Where etcd is. */
    public static final ConfigKey<List<URI>> ETCD_ENDPOINTS = KEYS.addresses(
                    "fluid.resolver.etcd.endpoints", Set.of("http", "https"))
            .doc("Addresses of the etcd members. Required when `fluid.resolver.store` is `etcd`.");

    /** Stores that come with Fluid4J. */
    public enum StoreKind {
        /** In the memory of this process. */
        MEMORY,
        /** In etcd. */
        ETCD
    }

    private ResolverKeys() {}

    static KeyFamily family() {
        return KEYS;
    }
}
