/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;
import java.util.regex.Pattern;

/**
 * The first frame on a tunnel: who the dialler is and what it can take (P-4.2, P-4.3). Immutable; texts that did not
 * come are empty, numbers {@link #NOT_SAID}.
 */
public final class Hello {

    /** {@code FLUD}. */
    public static final int MAGIC = 0x464C5544;
    /** The version this code speaks. */
    public static final int VERSION = 1;
    /** Octets of a nonce. */
    public static final int NONCE_BYTES = 32;
    /** Octets of a session group. */
    public static final int SESSION_GROUP_BYTES = 16;
    /** Authentication by a shared secret (P-4.5). */
    public static final int AUTH_SECRET = 0x01;
    /** Authentication by a TLS client certificate (P-4.5). */
    public static final int AUTH_CERTIFICATE = 0x02;
    /** A number that the dialler did not say. */
    public static final long NOT_SAID = -1;

    static final int MIN_BYTES = 64;

    private static final Pattern ID = Pattern.compile("[A-Za-z0-9._-]{1,64}");
    private static final Pattern FUNCTION = Pattern.compile("[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?");
    private static final int MAX_TEXT_BYTES = 64;

    /** What the dialler will be on this session; numbers from 1 in this order. */
    public enum Role {
        /** An instance: it answers streams. */
        INSTANCE,
        /** A router that forwards to another router: it opens streams. */
        ROUTER
    }

    private final Builder values;

    private Hello(Builder values) {
        this.values = values;
    }

    /** A builder with the version of this code, the role of an instance and its default settings. */
    public static Builder builder() {
        return new Builder();
    }

    /** The lowest version the dialler speaks. */
    public int lowestVersion() {
        return values.lowestVersion;
    }

    /** The highest version the dialler speaks. */
    public int highestVersion() {
        return values.highestVersion;
    }

    /** What the dialler will be on this session. */
    public Role role() {
        return values.role;
    }

    /** Bits of {@link #AUTH_SECRET} and {@link #AUTH_CERTIFICATE}; further bits mean nothing. */
    public int authentication() {
        return values.authentication;
    }

    /** A copy of the dialler's nonce, 32 octets. */
    public byte[] nonce() {
        return values.nonce.clone();
    }

    /** What the dialler can take. */
    public Settings settings() {
        return values.settings;
    }

    /** The instance id, or the router id for {@link Role#ROUTER}. */
    public String instanceId() {
        return values.instanceId;
    }

    /** The function that is served. */
    public String function() {
        return values.function;
    }

    /** The deployment of that function. */
    public String deployment() {
        return values.deployment;
    }

    /** The region, or empty. */
    public String region() {
        return values.region;
    }

    /** The zone, or empty. */
    public String zone() {
        return values.zone;
    }

    /** The container, such as {@code tomcat/11.0.24}, or empty. */
    public String container() {
        return values.container;
    }

    /** A copy of the session group, 16 octets; empty when none came. Sessions of one boot have the same (P-1.3). */
    public byte[] sessionGroup() {
        return values.sessionGroup.clone();
    }

    /** A copy of the key id, 4 octets; empty when none came. It lets an acceptor choose a secret and proves nothing. */
    public byte[] keyId() {
        return values.keyId.clone();
    }

    /** What is left of the instance's life in milliseconds, or {@link #NOT_SAID}. */
    public long lifetimeLeftMillis() {
        return values.lifetimeLeftMillis;
    }

    /** Upper bound of requests in flight, 0 when the instance finds it by itself, or {@link #NOT_SAID}. */
    public long capacity() {
        return values.capacity;
    }

    /** Memory of the instance in octets, or {@link #NOT_SAID}. */
    public long memoryBytes() {
        return values.memoryBytes;
    }

    /** Processors in thousandths, or {@link #NOT_SAID}. */
    public long processorThousandths() {
        return values.processorThousandths;
    }

    /** The suffix the container appends to its session ids, or empty. */
    public String affinityRoute() {
        return values.affinityRoute;
    }

    /** Name and version of the dialler, such as {@code fluid4j/0.1.0}, or empty. */
    public String software() {
        return values.software;
    }

    /** True when both HELLOs come from one boot of one process (P-1.3, P-4.7). */
    public boolean sameGroup(Hello other) {
        return values.instanceId.equals(other.values.instanceId)
                && values.sessionGroup.length > 0
                && Arrays.equals(values.sessionGroup, other.values.sessionGroup);
    }

    /** The payload of the frame. Each call makes the same octets, which are also what the proofs cover (P-4.5). */
    public byte[] encode() {
        return values.encode();
    }

    static Hello decode(Payload in) throws PayloadException {
        Builder builder = new Builder();
        in.skip(4); // The magic; FrameReader has looked at it.
        builder.lowestVersion = in.u8();
        builder.highestVersion = in.u8();
        int role = in.u8();
        if (role != 1 && role != 2) {
            throw PayloadException.malformed("role " + role + " (expected: 1 or 2)");
        }
        builder.role = role == 1 ? Role.INSTANCE : Role.ROUTER;
        builder.authentication = in.u8();
        builder.nonce = in.bytes(NONCE_BYTES);
        builder.settings = Settings.decode(in);
        in.beginExtensions();
        while (in.nextExtension()) {
            builder.decodeExtension(in);
        }
        if (builder.role == Role.INSTANCE && builder.settings.healthIntervalMillis() == 0) {
            throw new PayloadException(ErrorCode.SETTINGS, "health interval 0 (expected: more, for an instance)");
        }
        try {
            return builder.build();
        } catch (IllegalArgumentException e) {
            throw PayloadException.malformed(String.valueOf(e.getMessage()));
        }
    }

    /** Role, names and versions; no nonce. */
    @Override
    public String toString() {
        return "Hello[" + values.role + " " + values.instanceId + ", " + values.function + "@" + values.deployment
                + ", versions " + values.lowestVersion + " to " + values.highestVersion + ", " + values.software + "]";
    }

    /** Gathers the values of a {@link Hello}. Not thread-safe; may be built from several times with fresh nonces. */
    public static final class Builder {
        private int lowestVersion = VERSION;
        private int highestVersion = VERSION;
        private Role role = Role.INSTANCE;
        private int authentication = AUTH_SECRET;
        private byte[] nonce = Text.NO_BYTES;
        private Settings settings = Settings.SERVER_DEFAULTS;
        private String instanceId = "";
        private String function = "";
        private String deployment = "";
        private String region = "";
        private String zone = "";
        private String container = "";
        private byte[] sessionGroup = Text.NO_BYTES;
        private byte[] keyId = Text.NO_BYTES;
        private long lifetimeLeftMillis = NOT_SAID;
        private long capacity = NOT_SAID;
        private long memoryBytes = NOT_SAID;
        private long processorThousandths = NOT_SAID;
        private String affinityRoute = "";
        private String software = "";

        private Builder() {}

        /** The versions spoken, 0 to 255. */
        public Builder versions(int lowest, int highest) {
            lowestVersion = lowest;
            highestVersion = highest;
            return this;
        }

        /** What the dialler will be on this session. */
        public Builder role(Role value) {
            role = requireNonNull(value, "role");
            return this;
        }

        /** Bits of {@link Hello#AUTH_SECRET} and {@link Hello#AUTH_CERTIFICATE}. */
        public Builder authentication(int bits) {
            authentication = bits;
            return this;
        }

        /** 32 octets from a cryptographic random source, fresh for each HELLO. */
        public Builder nonce(byte[] octets) {
            nonce = octets.clone();
            return this;
        }

        /** What the dialler can take. */
        public Builder settings(Settings value) {
            settings = requireNonNull(value, "settings");
            return this;
        }

        /** {@code [A-Za-z0-9._-]{1,64}}, random per boot. */
        public Builder instanceId(String value) {
            instanceId = requireNonNull(value, "instanceId");
            return this;
        }

        /** {@code [a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?}. */
        public Builder function(String value) {
            function = requireNonNull(value, "function");
            return this;
        }

        /** {@code [A-Za-z0-9._-]{1,64}}. */
        public Builder deployment(String value) {
            deployment = requireNonNull(value, "deployment");
            return this;
        }

        /** At most 64 octets; empty leaves it out. */
        public Builder region(String value) {
            region = requireNonNull(value, "region");
            return this;
        }

        /** At most 64 octets; empty leaves it out. */
        public Builder zone(String value) {
            zone = requireNonNull(value, "zone");
            return this;
        }

        /** Such as {@code tomcat/11.0.24}, at most 64 octets; empty leaves it out. */
        public Builder container(String value) {
            container = requireNonNull(value, "container");
            return this;
        }

        /** 16 octets, random per boot; an empty array leaves it out. */
        public Builder sessionGroup(byte[] octets) {
            sessionGroup = octets.clone();
            return this;
        }

        /** 4 octets ({@link Proofs#keyId}); an empty array leaves it out. */
        public Builder keyId(byte[] octets) {
            keyId = octets.clone();
            return this;
        }

        /** What is left of the instance's life, milliseconds; {@link Hello#NOT_SAID} leaves it out. */
        public Builder lifetimeLeftMillis(long millis) {
            lifetimeLeftMillis = millis;
            return this;
        }

        /** Upper bound of requests in flight, 0 to 2^32 - 1; {@link Hello#NOT_SAID} leaves it out. */
        public Builder capacity(long requests) {
            capacity = requests;
            return this;
        }

        /** Memory of the instance in octets; {@link Hello#NOT_SAID} leaves it out. */
        public Builder memoryBytes(long bytes) {
            memoryBytes = bytes;
            return this;
        }

        /** Processors in thousandths, 0 to 2^32 - 1; {@link Hello#NOT_SAID} leaves it out. */
        public Builder processorThousandths(long thousandths) {
            processorThousandths = thousandths;
            return this;
        }

        /** At most 64 octets; empty leaves it out. */
        public Builder affinityRoute(String value) {
            affinityRoute = requireNonNull(value, "affinityRoute");
            return this;
        }

        /** Such as {@code fluid4j/0.1.0}, at most 64 octets; empty leaves it out. */
        public Builder software(String value) {
            software = requireNonNull(value, "software");
            return this;
        }

        /**
         * The HELLO.
         *
         * @throws IllegalArgumentException naming what is missing or breaks P-4.2 or P-4.3
         */
        public Hello build() {
            Ranges.u8(lowestVersion, "lowest version");
            Ranges.u8(highestVersion, "highest version");
            Ranges.u8(authentication, "authentication");
            length(nonce, NONCE_BYTES, false, "nonce");
            length(sessionGroup, SESSION_GROUP_BYTES, true, "session group");
            length(keyId, Proofs.KEY_ID_BYTES, true, "key id");
            boolean optional = role == Role.ROUTER;
            matches(ID, instanceId, optional, "instance id");
            matches(FUNCTION, function, optional, "function");
            matches(ID, deployment, optional, "deployment");
            for (String text : new String[] {region, zone, container, affinityRoute, software}) {
                Text.exact(text, MAX_TEXT_BYTES, "text");
            }
            orNotSaid(lifetimeLeftMillis, Long.MAX_VALUE, "lifetime left");
            orNotSaid(capacity, 0xFFFF_FFFFL, "capacity");
            orNotSaid(memoryBytes, Long.MAX_VALUE, "memory");
            orNotSaid(processorThousandths, 0xFFFF_FFFFL, "processors");
            return new Hello(copy());
        }

        private Builder copy() {
            Builder copy = new Builder();
            copy.lowestVersion = lowestVersion;
            copy.highestVersion = highestVersion;
            copy.role = role;
            copy.authentication = authentication;
            copy.nonce = nonce;
            copy.settings = settings;
            copy.instanceId = instanceId;
            copy.function = function;
            copy.deployment = deployment;
            copy.region = region;
            copy.zone = zone;
            copy.container = container;
            copy.sessionGroup = sessionGroup;
            copy.keyId = keyId;
            copy.lifetimeLeftMillis = lifetimeLeftMillis;
            copy.capacity = capacity;
            copy.memoryBytes = memoryBytes;
            copy.processorThousandths = processorThousandths;
            copy.affinityRoute = affinityRoute;
            copy.software = software;
            return copy;
        }

        private void decodeExtension(Payload in) throws PayloadException {
            switch (in.extensionType()) {
                case ExtensionType.INSTANCE_ID -> instanceId = in.textRest(MAX_TEXT_BYTES, "instance id");
                case ExtensionType.FUNCTION -> function = in.textRest(MAX_TEXT_BYTES, "function");
                case ExtensionType.DEPLOYMENT -> deployment = in.textRest(MAX_TEXT_BYTES, "deployment");
                case ExtensionType.REGION -> region = in.textRest(MAX_TEXT_BYTES, "region");
                case ExtensionType.ZONE -> zone = in.textRest(MAX_TEXT_BYTES, "zone");
                case ExtensionType.CONTAINER -> container = in.textRest(MAX_TEXT_BYTES, "container");
                case ExtensionType.SESSION_GROUP -> sessionGroup = in.bytes(SESSION_GROUP_BYTES);
                case ExtensionType.KEY_ID -> keyId = in.bytes(Proofs.KEY_ID_BYTES);
                case ExtensionType.LIFETIME_LEFT -> lifetimeLeftMillis = in.u64();
                case ExtensionType.CAPACITY -> capacity = in.u32();
                case ExtensionType.MEMORY -> memoryBytes = in.u64();
                case ExtensionType.PROCESSORS -> processorThousandths = in.u32();
                case ExtensionType.AFFINITY_ROUTE -> affinityRoute = in.textRest(MAX_TEXT_BYTES, "affinity route");
                case ExtensionType.SOFTWARE -> software = in.textRest(MAX_TEXT_BYTES, "software");
                default -> in.unknownExtension();
            }
        }

        private byte[] encode() {
            PayloadWriter out = new PayloadWriter(512);
            out.u32(MAGIC);
            out.u8(lowestVersion);
            out.u8(highestVersion);
            out.u8(role == Role.INSTANCE ? 1 : 2);
            out.u8(authentication);
            out.bytes(nonce);
            settings.encode(out);
            text(out, ExtensionType.INSTANCE_ID, instanceId);
            text(out, ExtensionType.FUNCTION, function);
            text(out, ExtensionType.DEPLOYMENT, deployment);
            text(out, ExtensionType.REGION, region);
            text(out, ExtensionType.ZONE, zone);
            text(out, ExtensionType.CONTAINER, container);
            octets(out, ExtensionType.SESSION_GROUP, sessionGroup);
            octets(out, ExtensionType.KEY_ID, keyId);
            number(out, ExtensionType.LIFETIME_LEFT, lifetimeLeftMillis, 8);
            number(out, ExtensionType.CAPACITY, capacity, 4);
            number(out, ExtensionType.MEMORY, memoryBytes, 8);
            number(out, ExtensionType.PROCESSORS, processorThousandths, 4);
            text(out, ExtensionType.AFFINITY_ROUTE, affinityRoute);
            text(out, ExtensionType.SOFTWARE, software);
            return out.copy();
        }

        private static void text(PayloadWriter out, int type, String text) {
            if (!text.isEmpty()) {
                out.textExtension(type, text, MAX_TEXT_BYTES, "text");
            }
        }

        private static void octets(PayloadWriter out, int type, byte[] octets) {
            if (octets.length > 0) {
                out.u16(type);
                out.bytes16(octets, "extension");
            }
        }

        private static void number(PayloadWriter out, int type, long value, int octets) {
            if (value != NOT_SAID) {
                int start = out.beginExtension(type);
                if (octets == 8) {
                    out.i64(value);
                } else {
                    out.u32(value);
                }
                out.endExtension(start);
            }
        }

        private static void length(byte[] octets, int expected, boolean optional, String what) {
            if (octets.length != expected && !(optional && octets.length == 0)) {
                throw new IllegalArgumentException(
                        what + " has " + octets.length + " octets (expected: " + expected + ")");
            }
        }

        private static void matches(Pattern pattern, String text, boolean optional, String what) {
            if (!(optional && text.isEmpty()) && !pattern.matcher(text).matches()) {
                throw new IllegalArgumentException(
                        what + " of " + text.length() + " characters (expected: " + pattern + ")");
            }
        }

        private static void orNotSaid(long value, long max, String what) {
            if (value < NOT_SAID || value > max) {
                throw new IllegalArgumentException(what + " " + value + " (expected: 0 to " + max + ")");
            }
        }
    }
}
