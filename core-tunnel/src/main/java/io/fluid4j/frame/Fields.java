/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.Objects.requireNonNull;

import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * Header or trailer fields in the order they were sent, as a view of the octets of one frame. No String is made until
 * it is asked for. Every field has passed P-6.2, P-6.3 and P-6.4. Immutable, for any thread; a {@link Cursor} belongs
 * to one thread.
 */
public final class Fields implements Iterable<Fields.Field> {

    /** No fields. */
    public static final Fields EMPTY = new Fields(Text.NO_BYTES, 0, 0, 0);

    private final byte[] array;
    private final int start;
    private final int end;
    private final int size;

    private Fields(byte[] array, int start, int end, int size) {
        this.array = array;
        this.start = start;
        this.end = end;
        this.size = size;
    }

    /**
     * Fields of names and values in turn, for tests and small things.
     *
     * @throws IllegalArgumentException when a name or value breaks P-6.2 or P-6.3, or a value is missing
     */
    public static Fields of(String... namesAndValues) {
        if (namesAndValues.length % 2 != 0) {
            throw new IllegalArgumentException(namesAndValues.length + " names and values (expected: an even number)");
        }
        HeadWriter writer = new HeadWriter().response(200, -1);
        for (int i = 0; i < namesAndValues.length; i += 2) {
            writer.field(namesAndValues[i], namesAndValues[i + 1]);
        }
        byte[] octets = Arrays.copyOf(writer.array(), writer.length());
        return namesAndValues.length == 0
                ? EMPTY
                : new Fields(octets, ResponseHead.MIN_BYTES, octets.length, namesAndValues.length / 2);
    }

    /** Reads and checks fields; the view keeps the payload's array. */
    static Fields decode(Payload in, FieldRules rules) throws PayloadException {
        int count = in.u16();
        if (count == 0) {
            return EMPTY;
        }
        if (count > FrameLimits.MAX_FIELDS) {
            throw new PayloadException(
                    ErrorCode.HEAD_TOO_LARGE, count + " fields (expected: at most " + FrameLimits.MAX_FIELDS + ")");
        }
        byte[] array = in.array();
        int start = in.position();
        for (int i = 0; i < count; i++) {
            decodeField(in, array, rules, i);
        }
        return new Fields(array, start, in.position(), count);
    }

    private static void decodeField(Payload in, byte[] array, FieldRules rules, int number) throws PayloadException {
        int index = in.u8();
        int nameOffset = 0;
        int nameLength = 0;
        if (index == HeaderTable.NONE) {
            nameLength = in.u8();
            nameOffset = in.skip(nameLength);
            if (!Octets.token(array, nameOffset, nameLength)) {
                throw PayloadException.malformed("name of field " + number + " is not a token");
            }
            // A literal may spell an indexed name (P-10.1: the index is only a SHOULD).
            index = HeaderTable.indexOf(array, nameOffset, nameLength);
        } else if (index >= HeaderTable.SIZE) {
            throw PayloadException.malformed("index " + index + " of field " + number + " has no entry");
        }
        if (rules.forbids(index, array, nameOffset, nameLength)) {
            throw PayloadException.malformed("field " + number + " has a name that may not occur here");
        }
        int length = in.u16();
        int offset = in.skip(length);
        if (!rules.allowsValue(index, array, offset, length)) {
            throw PayloadException.malformed("value of field " + number + " is not allowed");
        }
    }

    /** How many fields there are; a name that occurs twice counts twice. */
    public int size() {
        return size;
    }

    /** A new cursor before the first field. The only garbage of a walk is the cursor itself. */
    public Cursor cursor() {
        return new Cursor(this);
    }

    /** The value of the first field of that name, whatever its case; null when there is none. */
    public @Nullable String first(String name) {
        Cursor cursor = cursor();
        int index = HeaderTable.indexOf(name);
        while (cursor.next()) {
            if (cursor.is(index, name)) {
                return cursor.value();
            }
        }
        return null;
    }

    /** Names and values as Strings; the cursor is cheaper. */
    @Override
    public Iterator<Field> iterator() {
        Cursor cursor = cursor();
        return new Iterator<>() {
            private int left = size;

            @Override
            public boolean hasNext() {
                return left > 0;
            }

            @Override
            public Field next() {
                if (left-- <= 0 || !cursor.next()) {
                    throw new NoSuchElementException();
                }
                return new Field(cursor.name(), cursor.value());
            }
        };
    }

    /** Names only and their number: values never go into logs. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("Fields[");
        Cursor cursor = cursor();
        while (cursor.next()) {
            text.append(text.length() == 7 ? "" : ", ").append(cursor.name());
        }
        return text.append(']').toString();
    }

    /**
     * One field as Strings.
     *
     * @param name its name; the table's spelling when it came with an index
     * @param value its value, one character per octet (ISO-8859-1)
     */
    public record Field(String name, String value) {
        /** Refuses null. */
        public Field {
            requireNonNull(name, "name");
            requireNonNull(value, "value");
        }
    }

    /** Walks over fields: {@code while (cursor.next()) …}. For one thread. Its octets are never to be changed. */
    public static final class Cursor {
        private final byte[] array;
        private final int end;
        private int position;
        private int index;
        private int nameOffset;
        private int nameLength;
        private int valueOffset;
        private int valueLength;

        private Cursor(Fields fields) {
            array = fields.array;
            position = fields.start;
            end = fields.end;
        }

        /** Moves to the next field; false when there is none. The octets were checked when they were decoded. */
        public boolean next() {
            int at = position;
            if (at >= end) {
                return false;
            }
            index = array[at++] & 0xFF;
            if (index == HeaderTable.NONE) {
                nameLength = array[at++] & 0xFF;
                nameOffset = at;
                at += nameLength;
            }
            valueLength = ((array[at] & 0xFF) << 8) | (array[at + 1] & 0xFF);
            valueOffset = at + 2;
            position = valueOffset + valueLength;
            return true;
        }

        /** The index of the name (PROTOCOL.md section 10), or 0 when it was sent as a literal. */
        public int index() {
            return index;
        }

        /** The name: the table's own String for an index, a new one for a literal. */
        public String name() {
            return index != HeaderTable.NONE
                    ? HeaderTable.name(index)
                    : new String(array, nameOffset, nameLength, ISO_8859_1);
        }

        /** The value as a new String, one character per octet (ISO-8859-1). */
        public String value() {
            return new String(array, valueOffset, valueLength, ISO_8859_1);
        }

        /** A copy of the value's octets. */
        public byte[] valueBytes() {
            return Arrays.copyOfRange(array, valueOffset, valueOffset + valueLength);
        }

        /** The octets that hold names and values; borrowed, not to be changed. */
        public byte[] array() {
            return array;
        }

        /** Where the literal name begins in {@link #array()}; only when {@link #index()} is 0. */
        public int nameOffset() {
            return nameOffset;
        }

        /** The length of the literal name in octets; only when {@link #index()} is 0. */
        public int nameLength() {
            return nameLength;
        }

        /** Where the value begins in {@link #array()}. */
        public int valueOffset() {
            return valueOffset;
        }

        /** The length of the value in octets. */
        public int valueLength() {
            return valueLength;
        }

        /** True when this field has that name, whatever its case and however it was sent. Makes no garbage. */
        public boolean is(String name) {
            return is(HeaderTable.indexOf(name), name);
        }

        private boolean is(int wantedIndex, String name) {
            if (index != HeaderTable.NONE) {
                return index == wantedIndex;
            }
            if (nameLength != name.length()) {
                return false;
            }
            for (int i = 0; i < nameLength; i++) {
                char c = name.charAt(i);
                if (c >= 0x80 || Octets.FOLD[c] != Octets.FOLD[array[nameOffset + i] & 0xFF]) {
                    return false;
                }
            }
            return true;
        }
    }
}
