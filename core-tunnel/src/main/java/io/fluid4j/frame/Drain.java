/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import static java.util.Objects.requireNonNull;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * Finish what runs, start nothing new here (P-8.4). Immutable.
 *
 * @param reasonNumber the reason's number; one that is not known is kept
 * @param timeoutMillis how long the drain may take, milliseconds, 0 to 2^32 - 1
 * @param path the context path that drains, {@code /} for the root context; empty when everything does
 * @param routers addresses of routers to dial, 255 at most, each at most 255 octets
 */
public record Drain(int reasonNumber, long timeoutMillis, String path, List<String> routers) {

    private static final int SCOPE_EVERYTHING = 0;
    private static final int SCOPE_PATH = 1;
    private static final int FIXED_BYTES = 9;
    private static final int MAX_PATH_BYTES = 0xFFFF;

    /** Why a drain begins; numbers from 1 in this order. */
    public enum Reason {
        /** The process ends. */
        SHUTDOWN,
        /** Somebody asked for it. */
        ASKED,
        /** The end of the lifetime is near. */
        LIFETIME,
        /** The application fails. */
        FAILING,
        /** A new version is deployed. Also what an unknown number is treated as. */
        REDEPLOY,
        /** The server serves through other routers from now on. */
        MOVED;

        private static final Reason[] BY_NUMBER = values();

        /** The number on the wire. */
        @SuppressWarnings("EnumOrdinal") // The numbers follow the order, as the enum says.
        public int number() {
            return ordinal() + 1;
        }
    }

    /** Copies the routers and refuses values that do not fit their wire types. */
    public Drain {
        Ranges.u16(reasonNumber, "reason");
        Ranges.u32(timeoutMillis, "timeout");
        Text.exact(requireNonNull(path, "path"), MAX_PATH_BYTES, "path");
        routers = Routers.checked(routers);
    }

    /** Everything drains. */
    public static Drain everything(Reason reason, long timeoutMillis, List<String> routers) {
        return new Drain(reason.number(), timeoutMillis, "", routers);
    }

    /** One context path drains; it is not empty. */
    public static Drain path(Reason reason, long timeoutMillis, String path) {
        if (path.isEmpty()) {
            throw new IllegalArgumentException("path is empty (expected: a context path)");
        }
        return new Drain(reason.number(), timeoutMillis, path, List.of());
    }

    /** True when everything drains, false when only {@link #path()} does. */
    public boolean everything() {
        return path.isEmpty();
    }

    /** The reason; {@link Reason#REDEPLOY} when the number is not known. */
    public Reason reason() {
        return reasonNumber < 1 || reasonNumber > Reason.BY_NUMBER.length
                ? Reason.REDEPLOY
                : Reason.BY_NUMBER[reasonNumber - 1];
    }

    static Drain decode(Payload in) throws PayloadException {
        int scope = in.u8();
        int reason = in.u16();
        long timeoutMillis = in.u32();
        String path = in.text16();
        boolean fits = scope == SCOPE_EVERYTHING ? path.isEmpty() : scope == SCOPE_PATH && !path.isEmpty();
        if (!fits) {
            throw PayloadException.malformed("scope " + scope + " with a path of " + path.length() + " characters");
        }
        List<String> routers = List.of();
        in.beginExtensions();
        while (in.nextExtension()) {
            if (in.extensionType() == ExtensionType.ROUTERS) {
                routers = Routers.decode(in);
            } else {
                in.unknownExtension();
            }
        }
        return new Drain(reason, timeoutMillis, path, routers);
    }

    int maxPayloadBytes() {
        int octets = FIXED_BYTES + Text.maxBytes(path, MAX_PATH_BYTES) + 5;
        for (String router : routers) {
            octets += 1 + Text.maxBytes(router, 0xFF);
        }
        return octets;
    }

    void encode(ByteBuffer out) {
        out.put((byte) (path.isEmpty() ? SCOPE_EVERYTHING : SCOPE_PATH)).putShort((short) reasonNumber);
        out.putInt((int) timeoutMillis);
        byte[] octets = Text.exact(path, MAX_PATH_BYTES, "path");
        out.putShort((short) octets.length).put(octets);
        if (!routers.isEmpty()) {
            int lengthAt = out.putShort((short) ExtensionType.ROUTERS).position();
            out.putShort((short) 0).put((byte) routers.size());
            for (String router : routers) {
                FrameWriter.text8(out, router);
            }
            out.putShort(lengthAt, (short) (out.position() - lengthAt - 2));
        }
    }
}
