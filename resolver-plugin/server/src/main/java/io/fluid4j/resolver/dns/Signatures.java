/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.dns;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Section;
import org.xbill.DNS.TSIG;
import org.xbill.DNS.TSIGRecord;
import org.xbill.DNS.TextParseException;

/**
 * Verifies queries that are signed with a shared key and signs their responses (TSIG, RFC 8945), with dnsjava. Unlike
 * everything else on the way of a query it allocates; only signed queries come here. Immutable, for any thread.
 */
final class Signatures {

    /** TSIG goes behind everything else, OPT included. */
    static final int TYPE_TSIG = 250;

    private final TSIG key;

    /**
     * @param name of the key, as both sides know it
     * @param secret of HMAC-SHA256
     * @throws IllegalArgumentException when no domain name can be made of the name
     */
    Signatures(String name, byte[] secret) {
        try {
            this.key = new TSIG(TSIG.HMAC_SHA256, Name.fromString(name, Name.root), secret);
        } catch (TextParseException e) {
            throw new IllegalArgumentException("\"" + name + "\" is not a domain name", e);
        }
    }

    /** What a signed query has shown. */
    record Checked(Message query, TSIGRecord signature, int error) {
        boolean valid() {
            return error == Rcode.NOERROR;
        }
    }

    /** Checks a whole query; null when it cannot be understood. */
    @Nullable
    Checked check(ByteBuffer message, int length) {
        byte[] octets = octets(message, length);
        try {
            Message query = new Message(octets);
            TSIGRecord signature = query.getTSIG();
            return signature == null ? null : new Checked(query, signature, key.verify(query, octets, null));
        } catch (IOException | RuntimeException e) {
            // dnsjava says so in many ways.
            return null;
        }
    }

    /**
     * Signs the response to a valid query.
     *
     * @param message the response, is overwritten
     * @param limit octets it may have with its signature; when it has more, it is cut and says so
     * @return its length now
     */
    int sign(ByteBuffer message, int length, Checked checked, int limit) {
        try {
            Message response = new Message(octets(message, length));
            response.setTSIG(key, Rcode.NOERROR, checked.signature);
            return put(response.toWire(limit), message);
        } catch (IOException e) {
            throw new IllegalStateException("our own response was not understood", e);
        }
    }

    /** Makes the response to a query whose signature is not valid: it says why, and nothing else. */
    int refuse(ByteBuffer message, Checked checked) {
        Message response = new Message(checked.query.getHeader().getID());
        response.getHeader().setFlag(org.xbill.DNS.Flags.QR);
        response.getHeader().setRcode(Rcode.NOTAUTH);
        response.addRecord(requireNonNull(checked.query.getQuestion()), Section.QUESTION);
        key.apply(response, checked.error, checked.signature);
        return put(response.toWire(), message);
    }

    private static byte[] octets(ByteBuffer message, int length) {
        byte[] octets = new byte[length];
        message.get(0, octets);
        return octets;
    }

    private static int put(byte[] octets, ByteBuffer message) {
        message.put(0, octets);
        return octets.length;
    }
}
