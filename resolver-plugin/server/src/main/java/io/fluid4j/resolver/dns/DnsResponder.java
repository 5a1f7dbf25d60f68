/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.dns;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Turns a query into its response, in the buffer it came in. Allocates nothing. An instance is for one thread at a time;
 * any number may share a {@link NameTable}.
 *
 * <pre>
 *  header (12)                                    | question           | records of the Answer   | OPT (11 or 17)
 *  id, flags, counts: QD, AN, NS, AR (16 bit each)| name, type, class  | answer, then additional | when the query had one
 *  id stays, the rest is overwritten              | stays as it came   | copied                  |
 * </pre>
 *
 * <p>Sources: RFC 1035 section 4, RFC 2308 (negative answers), RFC 6891 (EDNS0), RFC 8482 (ANY), RFC 8914 (stale).
 */
final class DnsResponder {

    /** Nothing is sent. */
    static final int NO_RESPONSE = 0;
    /** Largest UDP response without EDNS. */
    static final int PLAIN_LIMIT = 512;
    /** Largest UDP response with EDNS: fits one packet on every path. */
    static final int EDNS_LIMIT = 1232;
    /** What a TCP message may have at most. */
    static final int TCP_LIMIT = 65_535;

    private static final int HEADER = 12;
    private static final int MAX_NAME = 255;
    private static final int MAX_LABEL = 63;

    private static final int QR = 0x8000;
    private static final int AA = 0x0400;
    private static final int TC = 0x0200;
    private static final int RD = 0x0100;
    private static final int OPCODE_SHIFT = 11;
    private static final int OPCODE = 0xf << OPCODE_SHIFT;

    private static final int FORMERR = 1;
    private static final int NXDOMAIN = 3;
    private static final int NOTIMP = 4;
    private static final int REFUSED = 5;

    private static final int TYPE_OPT = 41;
    private static final int TYPE_ANY = 255;
    private static final int CLASS_IN = 1;
    private static final int CLASS_ANY = 255;
    private static final int POINTER = 0xc000;

    private static final int OPT_BYTES = 11;
    private static final int EDE_BYTES = 6;
    private static final int OPTION_EDE = 15;
    private static final int EDE_STALE_ANSWER = 3;

    private final DnsZone zone;
    private final NameTable table;
    private final DnsMetrics metrics;
    private final @Nullable Signatures signatures;
    private int turn;

    // Of the query at hand:
    private int nameHash;
    private int questionEnd;
    private boolean edns;
    private int ednsVersion;
    private int clientLimit;
    /** Where its signature begins; 0 when it has none. */
    private int signatureStart;

    /**
     * @param zone what is answered
     * @param metrics counts what has become of queries
     * @param signatures checks queries that are signed; null answers them as if they were not
     */
    DnsResponder(DnsZone zone, DnsMetrics metrics, @Nullable Signatures signatures) {
        this.zone = zone;
        this.table = zone.table();
        this.metrics = metrics;
        this.signatures = signatures;
    }

    /**
     * Answers one message.
     *
     * @param message the query from index 0 on; is overwritten by the response. At least {@link #EDNS_LIMIT} octets large
     *     for UDP; position and limit do not count
     * @param length octets of the query
     * @param tcp whether it came over TCP
     * @return octets of the response, or {@link #NO_RESPONSE}
     */
    int respond(ByteBuffer message, int length, boolean tcp) {
        if (length < HEADER) {
            return dropped();
        }
        int flags = message.getShort(2);
        if ((flags & QR) != 0) {
            // A response: answering it could go on for ever.
            return dropped();
        }
        if ((flags & OPCODE) != 0) {
            return headerOnly(message, flags, NOTIMP);
        }
        if (!parse(message, length)) {
            return headerOnly(message, flags, FORMERR);
        }
        int limit = tcp ? message.capacity() : edns ? clientLimit : PLAIN_LIMIT;
        if (signatureStart > 0 && signatures != null) {
            return signed(signatures, message, length, tcp, limit);
        }
        if (edns && ednsVersion != 0) {
            return badVersion(message, flags);
        }
        int dnsClass = message.getShort(questionEnd - 2) & 0xffff;
        if (dnsClass != CLASS_IN && dnsClass != CLASS_ANY) {
            return refused(message, flags);
        }
        int nameLength = questionEnd - 4 - HEADER;
        NameEntry entry = table.find(message, HEADER, nameLength, nameHash);
        if (entry == null) {
            return missing(message, flags, nameLength, limit);
        }
        int type = message.getShort(questionEnd - 4) & 0xffff;
        Answer answer = answer(entry, type);
        if (answer == null) {
            metrics.count(DnsMetrics.Result.NODATA);
            return negative(message, flags, 0, nameLength, limit);
        }
        return positive(message, flags, answer, limit);
    }

    /** The one part of a response's way that allocates. */
    private int signed(Signatures keys, ByteBuffer message, int length, boolean tcp, int limit) {
        Signatures.Checked checked = keys.check(message, length);
        if (checked == null) {
            return headerOnly(message, message.getShort(2), FORMERR);
        }
        if (!checked.valid()) {
            metrics.count(DnsMetrics.Result.REFUSED);
            return keys.refuse(message, checked);
        }
        message.putShort(10, (short) (message.getShort(10) - 1));
        return keys.sign(message, respond(message, signatureStart, tcp), checked, limit);
    }

    /** Makes a query into an empty response that says: ask again over TCP. */
    int truncate(ByteBuffer message, int length) {
        if (length < HEADER || (message.getShort(2) & QR) != 0 || !parse(message, length)) {
            return dropped();
        }
        int flags = message.getShort(2);
        header(message, (flags & (RD | OPCODE)) | QR | TC, 0, 0, 0);
        return finish(message, questionEnd);
    }

    private @Nullable Answer answer(NameEntry entry, int type) {
        if (type == TYPE_ANY) {
            return entry.empty() ? null : zone.anyAnswer();
        }
        int slot = NameEntry.slot(type);
        Answer[] answers = slot == NameEntry.NO_SLOT ? null : entry.answers(slot);
        if (answers == null) {
            return null;
        }
        return answers.length == 1 ? answers[0] : answers[(turn++ & Integer.MAX_VALUE) % answers.length];
    }

    private int positive(ByteBuffer message, int flags, Answer answer, int limit) {
        metrics.count(DnsMetrics.Result.ANSWERED);
        int room = limit - questionEnd - optBytes();
        int copied = answer.bytes();
        int additionals = answer.additionals();
        if (copied > room) {
            // Additional records are a courtesy: without them the answer is still whole (RFC 2181, section 9).
            copied = answer.answerBytes();
            additionals = 0;
        }
        int response = (flags & RD) | QR | AA;
        if (copied > room) {
            metrics.count(DnsMetrics.Result.TRUNCATED);
            header(message, response | TC, 0, 0, 0);
            return finish(message, questionEnd);
        }
        answer.copyTo(message, questionEnd, copied);
        header(message, response, answer.answers(), 0, additionals);
        return finish(message, questionEnd + copied);
    }

    private int missing(ByteBuffer message, int flags, int nameLength, int limit) {
        if (!zone.contains(message, HEADER, nameLength)) {
            return refused(message, flags);
        }
        metrics.count(DnsMetrics.Result.NXDOMAIN);
        return negative(message, flags, NXDOMAIN, nameLength, limit);
    }

    private int refused(ByteBuffer message, int flags) {
        metrics.count(DnsMetrics.Result.REFUSED);
        header(message, (flags & RD) | QR | REFUSED, 0, 0, 0);
        return finish(message, questionEnd);
    }

    /** The SOA in the authority section says how long there is nothing. Its owner is the end of the name asked for. */
    private int negative(ByteBuffer message, int flags, int code, int nameLength, int limit) {
        byte[] soa = zone.soaWithoutOwner();
        int response = (flags & RD) | QR | AA | code;
        if (questionEnd + 2 + soa.length + optBytes() > limit) {
            header(message, response, 0, 0, 0);
            return finish(message, questionEnd);
        }
        message.putShort(questionEnd, (short) (POINTER | (HEADER + nameLength - zone.nameLength())));
        message.put(questionEnd + 2, soa, 0, soa.length);
        header(message, response, 0, 1, 0);
        return finish(message, questionEnd + 2 + soa.length);
    }

    private int badVersion(ByteBuffer message, int flags) {
        metrics.count(DnsMetrics.Result.MALFORMED);
        header(message, (flags & RD) | QR, 0, 0, 0);
        int end = finish(message, questionEnd);
        // The upper part of the code, BADVERS (16), is in the OPT record.
        message.put(questionEnd + 5, (byte) 1);
        return end;
    }

    private int headerOnly(ByteBuffer message, int flags, int code) {
        metrics.count(DnsMetrics.Result.MALFORMED);
        message.putShort(2, (short) ((flags & (RD | OPCODE)) | QR | code));
        message.putLong(4, 0);
        return HEADER;
    }

    private int dropped() {
        metrics.count(DnsMetrics.Result.DROPPED);
        return NO_RESPONSE;
    }

    private static void header(ByteBuffer message, int flags, int answers, int authorities, int additionals) {
        message.putShort(2, (short) flags);
        message.putShort(4, (short) 1);
        message.putShort(6, (short) answers);
        message.putShort(8, (short) authorities);
        message.putShort(10, (short) additionals);
    }

    private int optBytes() {
        return edns ? OPT_BYTES + (zone.stale() ? EDE_BYTES : 0) : 0;
    }

    /** Adds the OPT record when the query had one. */
    private int finish(ByteBuffer message, int end) {
        if (!edns) {
            return end;
        }
        boolean stale = zone.stale() && end + OPT_BYTES + EDE_BYTES <= message.capacity();
        message.put(end, (byte) 0);
        message.putShort(end + 1, (short) TYPE_OPT);
        message.putShort(end + 3, (short) EDNS_LIMIT);
        message.putInt(end + 5, 0);
        message.putShort(end + 9, (short) (stale ? EDE_BYTES : 0));
        message.putShort(10, (short) (message.getShort(10) + 1));
        if (!stale) {
            return end + OPT_BYTES;
        }
        message.putShort(end + 11, (short) OPTION_EDE);
        message.putShort(end + 13, (short) 2);
        message.putShort(end + 15, (short) EDE_STALE_ANSWER);
        return end + OPT_BYTES + EDE_BYTES;
    }

    /** Reads everything but the flags. False when it is not one well-formed question. */
    private boolean parse(ByteBuffer message, int length) {
        edns = false;
        signatureStart = 0;
        // One question, no answer, no authority; additional: OPT, and perhaps something that is not understood.
        if (message.getInt(4) != 0x10000 || message.getShort(8) != 0) {
            return false;
        }
        int at = parseName(message, length);
        if (at < 0 || length - at < 4) {
            return false;
        }
        at += 4;
        questionEnd = at;
        for (int left = message.getShort(10) & 0xffff; left > 0; left--) {
            at = parseAdditional(message, at, length);
            if (at < 0) {
                return false;
            }
        }
        return at == length;
    }

    /** Where the name of the question ends; negative when it is malformed. A pointer there could only lead astray. */
    private int parseName(ByteBuffer message, int length) {
        int hash = NameEntry.startHash();
        int at = HEADER;
        while (at < length) {
            int label = message.get(at) & 0xff;
            hash = NameEntry.addToHash(hash, label);
            at++;
            if (label == 0) {
                nameHash = hash;
                return at - HEADER <= MAX_NAME ? at : -1;
            }
            if (label > MAX_LABEL || length - at < label) {
                return -1;
            }
            for (int end = at + label; at < end; at++) {
                hash = NameEntry.addToHash(hash, NameEntry.lowerCase(message.get(at)));
            }
        }
        return -1;
    }

    /** Where a record of the additional section ends; negative when it is malformed. Pointers are not followed. */
    private int parseAdditional(ByteBuffer message, int start, int length) {
        int at = start;
        boolean root = false;
        for (boolean inName = true; inName; ) {
            if (at >= length) {
                return -1;
            }
            int label = message.get(at) & 0xff;
            if (label == 0) {
                root = at == start;
                at++;
                inName = false;
            } else if (label >= 0xc0) {
                at += 2;
                inName = false;
            } else if (label > MAX_LABEL) {
                return -1;
            } else {
                at += 1 + label;
            }
        }
        if (length - at < 10) {
            return -1;
        }
        int data = message.getShort(at + 8) & 0xffff;
        if (length - at - 10 < data) {
            return -1;
        }
        if (signatureStart > 0) {
            // A signature is over what is before it: it is the last one.
            return -1;
        }
        int type = message.getShort(at) & 0xffff;
        if (type == Signatures.TYPE_TSIG) {
            signatureStart = start;
        } else if (type == TYPE_OPT) {
            if (!root || edns) {
                return -1;
            }
            edns = true;
            ednsVersion = message.get(at + 5) & 0xff;
            int offered = message.getShort(at + 2) & 0xffff;
            clientLimit = Math.max(PLAIN_LIMIT, Math.min(EDNS_LIMIT, offered));
        }
        return at + 10 + data;
    }
}
