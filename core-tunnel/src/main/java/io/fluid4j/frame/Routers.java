/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import java.util.ArrayList;
import java.util.List;

/** The routers to dial: extension 0x000F of WELCOME (P-4.3) and DRAIN (P-8.4). */
final class Routers {

    private Routers() {}

    /** An immutable copy of at most 255 addresses, each {@code tcp://} or {@code tls://}, at most 255 octets. */
    static List<String> checked(List<String> routers) {
        List<String> copy = List.copyOf(routers);
        Ranges.u8(copy.size(), "routers");
        for (String router : copy) {
            if (!allowed(router)) {
                throw new IllegalArgumentException("router (expected: a tcp:// or tls:// address of printable ASCII)");
            }
        }
        return copy;
    }

    static List<String> decode(Payload in) throws PayloadException {
        int count = in.u8();
        List<String> routers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String router = in.text8();
            if (!allowed(router)) {
                throw PayloadException.malformed("router " + i + " (expected: a tcp:// or tls:// address)");
            }
            routers.add(router);
        }
        return List.copyOf(routers);
    }

    static void encode(List<String> routers, PayloadWriter out) {
        if (routers.isEmpty()) {
            return;
        }
        int start = out.beginExtension(ExtensionType.ROUTERS);
        out.u8(routers.size());
        for (String router : routers) {
            out.text8(router, "router");
        }
        out.endExtension(start);
    }

    private static boolean allowed(String router) {
        if (router.length() > 0xFF || !(router.startsWith("tcp://") || router.startsWith("tls://"))) {
            return false;
        }
        for (int i = 0; i < router.length(); i++) {
            char c = router.charAt(i);
            if (c <= 0x20 || c >= 0x7F) {
                return false;
            }
        }
        return true;
    }
}
