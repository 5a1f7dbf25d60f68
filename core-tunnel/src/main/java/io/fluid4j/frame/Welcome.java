/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.regex.Pattern;

/**
 * The acceptor's proof and what it can take (P-4.6). The proof covers the rest, so the rest is encoded first. Immutable.
 *
 * @param settings what the acceptor can take
 * @param routerId {@code [a-z0-9.-]{1,253}}, or empty
 * @param region at most 64 octets, or empty
 * @param zone at most 64 octets, or empty
 * @param routers addresses of routers to dial, {@code tcp://} or {@code tls://}
 * @param software such as {@code fluid4j/0.1.0}, at most 64 octets, or empty
 */
public record Welcome(
        Settings settings, String routerId, String region, String zone, List<String> routers, String software) {

    static final int MIN_BYTES = 1 + Settings.BYTES;

    private static final Pattern ROUTER_ID = Pattern.compile("[a-z0-9.-]{1,253}");
    private static final int MAX_TEXT_BYTES = 64;

    /**
     * Copies the routers and refuses what breaks P-4.3.
     *
     * @throws IllegalArgumentException naming the value
     */
    public Welcome {
        requireNonNull(settings, "settings");
        if (!routerId.isEmpty() && !ROUTER_ID.matcher(routerId).matches()) {
            throw new IllegalArgumentException(
                    "router id of " + routerId.length() + " characters (expected: " + ROUTER_ID + ")");
        }
        Text.exact(region, MAX_TEXT_BYTES, "region");
        Text.exact(zone, MAX_TEXT_BYTES, "zone");
        Text.exact(software, MAX_TEXT_BYTES, "software");
        routers = Routers.checked(routers);
    }

    /** The payload after the proof: R of P-4.5. */
    public byte[] encodeRest() {
        PayloadWriter out = new PayloadWriter(256);
        settings.encode(out);
        text(out, ExtensionType.REGION, region, MAX_TEXT_BYTES);
        text(out, ExtensionType.ZONE, zone, MAX_TEXT_BYTES);
        text(out, ExtensionType.ROUTER_ID, routerId, 253);
        Routers.encode(routers, out);
        text(out, ExtensionType.SOFTWARE, software, MAX_TEXT_BYTES);
        return out.copy();
    }

    /**
     * The whole payload.
     *
     * @param proof 32 octets ({@link Proofs#acceptor}), or none with a TLS client certificate
     * @param rest what {@link #encodeRest()} made
     */
    public static byte[] payload(byte[] proof, byte[] rest) {
        if (proof.length != 0 && proof.length != Proofs.PROOF_BYTES) {
            throw new IllegalArgumentException("proof has " + proof.length + " octets (expected: 0 or 32)");
        }
        PayloadWriter out = new PayloadWriter(1 + proof.length + rest.length);
        out.bytes8(proof, "proof");
        out.bytes(rest);
        return out.copy();
    }

    /** The proof's octets at the beginning, checked to be 0 or 32; the rest follows. */
    static byte[] decodeProof(Payload in) throws PayloadException {
        int length = in.u8();
        if (length != 0 && length != Proofs.PROOF_BYTES) {
            throw PayloadException.malformed("proof has " + length + " octets (expected: 0 or 32)");
        }
        return in.bytes(length);
    }

    static Welcome decodeRest(Payload in) throws PayloadException {
        Settings settings = Settings.decode(in);
        String routerId = "";
        String region = "";
        String zone = "";
        String software = "";
        List<String> routers = List.of();
        in.beginExtensions();
        while (in.nextExtension()) {
            switch (in.extensionType()) {
                case ExtensionType.REGION -> region = in.textRest(MAX_TEXT_BYTES, "region");
                case ExtensionType.ZONE -> zone = in.textRest(MAX_TEXT_BYTES, "zone");
                case ExtensionType.ROUTER_ID -> routerId = in.textRest(253, "router id");
                case ExtensionType.ROUTERS -> routers = Routers.decode(in);
                case ExtensionType.SOFTWARE -> software = in.textRest(MAX_TEXT_BYTES, "software");
                default -> in.unknownExtension();
            }
        }
        try {
            return new Welcome(settings, routerId, region, zone, routers, software);
        } catch (IllegalArgumentException e) {
            throw PayloadException.malformed(String.valueOf(e.getMessage()));
        }
    }

    private static void text(PayloadWriter out, int type, String text, int maxBytes) {
        if (!text.isEmpty()) {
            out.textExtension(type, text, maxBytes, "text");
        }
    }
}
