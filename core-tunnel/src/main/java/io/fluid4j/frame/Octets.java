/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

/** Which octets may stand where (P-6.3), as tables, and folding of ASCII case. */
final class Octets {

    /** Octets of a token (RFC 9110 section 5.6.2): names of fields, literal methods. */
    static final boolean[] TOKEN = new boolean[256];
    /** Octets inside a field value. */
    static final boolean[] VALUE = new boolean[256];
    /** Octets of a target. */
    static final boolean[] TARGET = new boolean[256];
    /** Octets of an authority. */
    static final boolean[] AUTHORITY = new boolean[256];
    /** ASCII capitals to small letters, everything else to itself. */
    static final byte[] FOLD = new byte[256];

    private static final String TOKEN_MARKS = "!#$%&'*+-.^_`|~";
    private static final String NOT_IN_AUTHORITY = "@/?#";

    static {
        for (int octet = 0; octet < 256; octet++) {
            boolean capital = octet >= 'A' && octet <= 'Z';
            boolean letter = capital || (octet >= 'a' && octet <= 'z');
            boolean digit = octet >= '0' && octet <= '9';
            TOKEN[octet] = letter || digit || TOKEN_MARKS.indexOf(octet) >= 0;
            VALUE[octet] = octet == '\t' || (octet >= 0x20 && octet != 0x7F);
            TARGET[octet] = octet > 0x20 && octet != 0x7F;
            AUTHORITY[octet] = octet > 0x20 && octet < 0x7F && NOT_IN_AUTHORITY.indexOf(octet) < 0;
            FOLD[octet] = (byte) (capital ? octet + ('a' - 'A') : octet);
        }
    }

    private Octets() {}

    /** True when all octets are in the table. */
    static boolean all(boolean[] table, byte[] array, int offset, int length) {
        for (int i = offset, end = offset + length; i < end; i++) {
            if (!table[array[i] & 0xFF]) {
                return false;
            }
        }
        return true;
    }

    static boolean token(byte[] array, int offset, int length) {
        return length > 0 && all(TOKEN, array, offset, length);
    }

    /** A field value: allowed octets, no white space at either end. */
    static boolean value(byte[] array, int offset, int length) {
        return length == 0
                || (!blank(array[offset]) && !blank(array[offset + length - 1]) && all(VALUE, array, offset, length));
    }

    /** A target: begins with a slash or is an asterisk. */
    static boolean target(byte[] array, int offset, int length) {
        if (length == 0) {
            return false;
        }
        if (array[offset] == '*') {
            return length == 1;
        }
        return array[offset] == '/' && all(TARGET, array, offset, length);
    }

    static boolean authority(byte[] array, int offset, int length) {
        return all(AUTHORITY, array, offset, length);
    }

    static boolean blank(int octet) {
        return octet == ' ' || octet == '\t';
    }

    /** Compares with a small-letter ASCII word, without regard to case. */
    static boolean equalsFolded(byte[] array, int offset, int length, byte[] folded) {
        if (length != folded.length) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (FOLD[array[offset + i] & 0xFF] != folded[i]) {
                return false;
            }
        }
        return true;
    }
}
