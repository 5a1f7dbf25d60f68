/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.client;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * As much JSON (RFC 8259) as registrations need, because this artifact may need nothing but the JDK. Values are maps,
 * lists, strings, {@link Long} or {@link Double}, {@link Boolean} and null. Stateless.
 */
public final class Json {

    private static final int MAX_DEPTH = 32;
    private static final String HEX = "0123456789abcdef";

    private final String text;
    private int at;

    private Json(String text) {
        this.text = text;
    }

    /**
     * Reads one value and nothing behind it.
     *
     * @throws IllegalArgumentException saying where it is not JSON
     */
    public static @Nullable Object parse(String text) {
        Json parser = new Json(text);
        Object value = parser.value(0);
        parser.space();
        if (parser.at < text.length()) {
            throw parser.unexpected("the end");
        }
        return value;
    }

    /**
     * Reads an object.
     *
     * @throws IllegalArgumentException when it is not one
     */
    public static Map<String, @Nullable Object> parseObject(String text) {
        return object(parse(text), "the message");
    }

    /** A value as an object; what says which one it is when it is not. */
    @SuppressWarnings("unchecked")
    static Map<String, @Nullable Object> object(@Nullable Object value, String what) {
        if (value instanceof Map<?, ?> map) {
            return (Map<String, @Nullable Object>) map;
        }
        throw new IllegalArgumentException(what + " (expected: an object)");
    }

    /**
     * Writes a value.
     *
     * @param out is appended to
     * @param value maps with string keys, lists, strings, numbers, booleans, null; anything else by its toString
     */
    public static void write(StringBuilder out, @Nullable Object value) {
        if (value == null || value instanceof Number || value instanceof Boolean) {
            out.append(value);
        } else if (value instanceof Map<?, ?> map) {
            char before = '{';
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                string(out.append(before), String.valueOf(entry.getKey()));
                write(out.append(':'), entry.getValue());
                before = ',';
            }
            out.append(before == '{' ? "{}" : "}");
        } else if (value instanceof List<?> list) {
            char before = '[';
            for (Object element : list) {
                write(out.append(before), element);
                before = ',';
            }
            out.append(before == '[' ? "[]" : "]");
        } else {
            string(out, value.toString());
        }
    }

    /** The text of a value. */
    public static String text(@Nullable Object value) {
        StringBuilder out = new StringBuilder();
        write(out, value);
        return out.toString();
    }

    private static void string(StringBuilder out, String value) {
        out.append('"');
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < ' ' || Character.isSurrogate(c)) {
                out.append("\\u")
                        .append(HEX.charAt(c >> 12))
                        .append(HEX.charAt(c >> 8 & 15))
                        .append(HEX.charAt(c >> 4 & 15))
                        .append(HEX.charAt(c & 15));
            } else {
                out.append(c);
            }
        }
        out.append('"');
    }

    private @Nullable Object value(int depth) {
        if (depth > MAX_DEPTH) {
            throw new IllegalArgumentException("JSON nested deeper than " + MAX_DEPTH);
        }
        space();
        char c = at < text.length() ? text.charAt(at) : 0;
        return switch (c) {
            case '{' -> members(depth);
            case '[' -> elements(depth);
            case '"' -> string();
            case 't' -> word("true", true);
            case 'f' -> word("false", false);
            case 'n' -> word("null", null);
            default -> number();
        };
    }

    private Map<String, @Nullable Object> members(int depth) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        at++;
        space();
        if (skip('}')) {
            return map;
        }
        do {
            space();
            if (at >= text.length() || text.charAt(at) != '"') {
                throw unexpected("a name");
            }
            String name = string();
            space();
            if (!skip(':')) {
                throw unexpected(":");
            }
            map.put(name, value(depth + 1));
            space();
        } while (skip(','));
        if (!skip('}')) {
            throw unexpected(", or }");
        }
        return map;
    }

    private List<@Nullable Object> elements(int depth) {
        List<@Nullable Object> list = new ArrayList<>();
        at++;
        space();
        if (skip(']')) {
            return list;
        }
        do {
            list.add(value(depth + 1));
            space();
        } while (skip(','));
        if (!skip(']')) {
            throw unexpected(", or ]");
        }
        return list;
    }

    private String string() {
        int start = ++at;
        StringBuilder escaped = null;
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == '"') {
                String value = escaped == null
                        ? text.substring(start, at)
                        : escaped.append(text, start, at).toString();
                at++;
                return value;
            }
            if (c < ' ') {
                throw unexpected("no control character");
            }
            if (c == '\\') {
                escaped = (escaped == null ? new StringBuilder() : escaped).append(text, start, at);
                escaped.append(escape());
                start = at;
            } else {
                at++;
            }
        }
        throw unexpected("\"");
    }

    private char escape() {
        at++;
        char c = at < text.length() ? text.charAt(at++) : 0;
        return switch (c) {
            case '"', '\\', '/' -> c;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> unicode();
            default -> throw unexpected("an escape");
        };
    }

    private char unicode() {
        int code = 0;
        for (int end = at + 4; at < end; at++) {
            int digit = at < text.length() ? Character.digit(text.charAt(at), 16) : -1;
            if (digit < 0 || text.charAt(at) > 'f') {
                throw unexpected("a hexadecimal digit");
            }
            code = code << 4 | digit;
        }
        return (char) code;
    }

    private @Nullable Object word(String word, @Nullable Object value) {
        if (!text.startsWith(word, at)) {
            throw unexpected(word);
        }
        at += word.length();
        return value;
    }

    private Object number() {
        int start = at;
        boolean whole = true;
        while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) {
            whole &= ".eE+".indexOf(text.charAt(at)) < 0;
            at++;
        }
        String number = text.substring(start, at);
        try {
            if (!number.isEmpty() && number.charAt(0) != '+' && number.charAt(0) != '.') {
                return whole ? (Object) Long.valueOf(number) : (Object) Double.valueOf(number);
            }
        } catch (NumberFormatException e) {
            at = start;
            throw unexpected("a number");
        }
        at = start;
        throw unexpected("a value");
    }

    private void space() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private boolean skip(char wanted) {
        boolean there = at < text.length() && text.charAt(at) == wanted;
        at += there ? 1 : 0;
        return there;
    }

    private IllegalArgumentException unexpected(String expected) {
        return new IllegalArgumentException("not JSON at character " + at + " (expected: " + expected + ")");
    }
}
