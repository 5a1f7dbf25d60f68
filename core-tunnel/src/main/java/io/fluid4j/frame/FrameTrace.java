/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Frames as text, one aligned line each, for the TRACE log and for tests:
 *
 * <pre>
 * >> 0x00000003   100 RESPONSE_BODY
 * &lt;&lt; 0x00000000     8 PING
 * >> 0x00000003     2 RESPONSE_END     MORE_WORK
 * </pre>
 *
 * Direction ({@code >>} sent, {@code <<} received), stream id, payload length, type, flags. Payloads are never shown.
 * Stateless, for any thread.
 */
public final class FrameTrace {

    private static final String HEX = "0123456789abcdef";
    private static final int LENGTH_WIDTH = 6;
    private static final int TYPE_WIDTH = 16;

    private FrameTrace() {}

    /** The line of one frame. */
    public static String line(boolean sent, int length, FrameType type, int flags, int stream) {
        return line(sent, length, type.id(), flags, stream);
    }

    /** The line of one frame of any type id; a type that is not known is shown as its number. */
    public static String line(boolean sent, int length, int typeId, int flags, int stream) {
        StringBuilder line = new StringBuilder(48);
        line.append(sent ? ">> 0x" : "<< 0x");
        for (int shift = 28; shift >= 0; shift -= 4) {
            line.append(HEX.charAt((stream >>> shift) & 0xF));
        }
        String digits = String.valueOf(length);
        line.append(" ".repeat(Math.max(1, LENGTH_WIDTH - digits.length())));
        line.append(digits).append(' ');
        FrameType type = FrameType.of(typeId);
        String name = type == null ? "UNKNOWN_0x" + Integer.toHexString(typeId) : type.name();
        line.append(name);
        String flagNames = flags(type, flags);
        if (!flagNames.isEmpty()) {
            line.append(" ".repeat(Math.max(1, TYPE_WIDTH + 1 - name.length()))).append(flagNames);
        }
        return line.toString();
    }

    /**
     * The lines of all whole frames between position and limit, without moving them. A frame that is cut gives a line
     * with its announced length and {@code (cut)}.
     */
    public static List<String> lines(boolean sent, ByteBuffer frames) {
        List<String> lines = new ArrayList<>();
        int at = frames.position();
        while (frames.limit() - at >= FrameWriter.HEADER_BYTES) {
            int lengthAndType = frames.getInt(at);
            int length = lengthAndType >>> 8;
            String line = line(sent, length, lengthAndType & 0xFF, frames.get(at + 4) & 0xFF, frames.getInt(at + 5));
            boolean cut = length > frames.limit() - at - FrameWriter.HEADER_BYTES;
            lines.add(cut ? line + " (cut)" : line);
            if (cut) {
                return lines;
            }
            at += FrameWriter.HEADER_BYTES + length;
        }
        return lines;
    }

    private static String flags(@Nullable FrameType type, int flags) {
        if (flags == 0) {
            return "";
        }
        int rest = flags & ~1;
        String known =
                switch (type == null ? FrameType.PING : type) {
                    case REQUEST_STARTED -> "END";
                    case RESPONSE_END, CANCEL -> "MORE_WORK";
                    default -> "";
                };
        if ((flags & 1) == 0 || known.isEmpty()) {
            return "0x" + Integer.toHexString(flags);
        }
        return rest == 0 ? known : known + "|0x" + Integer.toHexString(rest);
    }
}
