/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.samples.streaming;

import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Map;
import java.util.StringJoiner;

/** Writes flat JSON objects. Enough for this sample, which must not bring a library along. */
final class Json {

    private Json() {}

    static String object(Map<String, ?> members) {
        StringJoiner object = new StringJoiner(",", "{", "}");
        members.forEach((name, value) ->
                object.add(text(name) + ":" + (value instanceof Number ? value.toString() : text(value.toString()))));
        return object.toString();
    }

    static String text(String value) {
        StringBuilder quoted = new StringBuilder(value.length() + 2).append('"');
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                quoted.append('\\').append(c);
            } else if (c < 0x20 || c == 0x2028 || c == 0x2029) {
                quoted.append(String.format("\\u%04x", (int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append('"').toString();
    }

    static void send(HttpServletResponse response, Map<String, ?> members) throws IOException {
        response.setContentType("application/json");
        response.setCharacterEncoding("UTF-8");
        response.setHeader("Cache-Control", "no-store");
        response.getWriter().write(object(members));
    }
}
