/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.cli;

import com.fasterxml.jackson.databind.JsonNode;

/** JSON for people: one member a line, indented, without the punctuation. */
final class Tree {

    private Tree() {}

    static String of(JsonNode node) {
        StringBuilder text = new StringBuilder();
        append(text, node, 0);
        return text.toString();
    }

    private static void append(StringBuilder text, JsonNode node, int depth) {
        if (node.isObject()) {
            int width = 0;
            for (var names = node.fieldNames(); names.hasNext(); ) {
                width = Math.max(width, names.next().length());
            }
            for (var member : node.properties()) {
                appendMember(text, member.getKey(), member.getValue(), depth, width);
            }
        } else if (node.isArray()) {
            for (JsonNode element : node) {
                if (element.isValueNode()) {
                    text.append("  ".repeat(depth))
                            .append("- ")
                            .append(element.asText())
                            .append('\n');
                } else {
                    int start = text.length();
                    append(text, element, depth + 1);
                    if (text.length() > start) {
                        text.replace(start + 2 * depth, start + 2 * depth + 2, "- ");
                    }
                }
            }
        } else {
            text.append("  ".repeat(depth)).append(node.asText()).append('\n');
        }
    }

    private static void appendMember(StringBuilder text, String name, JsonNode value, int depth, int width) {
        text.append("  ".repeat(depth)).append(name);
        if (value.isValueNode()) {
            text.append(" ".repeat(width - name.length() + 2))
                    .append(Table.text(value))
                    .append('\n');
        } else if (value.isEmpty()) {
            text.append(" ".repeat(width - name.length() + 2)).append("-\n");
        } else {
            text.append('\n');
            append(text, value, depth + 1);
        }
    }
}
