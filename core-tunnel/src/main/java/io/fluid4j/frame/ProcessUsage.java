/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;

/** CPU time of the process by kind, USAGE on stream 0 (P-5.26). */
final class ProcessUsage {

    private ProcessUsage() {}

    static Map<String, Long> decode(Payload in) throws PayloadException {
        int count = in.u8();
        Map<String, Long> nanosByKind = new LinkedHashMap<>();
        for (int i = 0; i < count; i++) {
            nanosByKind.put(in.text8(), in.u64());
        }
        in.skipExtensions();
        return nanosByKind;
    }

    static int maxPayloadBytes(Map<String, Long> nanosByKind) {
        int octets = 1;
        for (String kind : nanosByKind.keySet()) {
            octets += 9 + Text.maxBytes(kind, 0xFF);
        }
        return octets;
    }

    static void encode(Map<String, Long> nanosByKind, ByteBuffer out) {
        Ranges.u8(nanosByKind.size(), "kinds");
        out.put((byte) nanosByKind.size());
        for (Map.Entry<String, Long> entry : nanosByKind.entrySet()) {
            FrameWriter.text8(out, entry.getKey());
            out.putLong(entry.getValue());
        }
    }
}
