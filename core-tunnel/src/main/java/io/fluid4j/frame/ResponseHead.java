/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

/** A decoded final or interim response head (P-5.21). Immutable, for any thread. */
public final class ResponseHead {

    /** Status, content length, and the number of fields. */
    static final int MIN_BYTES = 12;

    private final int status;
    private final long contentLength;
    private final Fields fields;

    private ResponseHead(int status, long contentLength, Fields fields) {
        this.status = status;
        this.contentLength = contentLength;
        this.fields = fields;
    }

    static ResponseHead decode(Payload in, boolean interim) throws PayloadException {
        int status = in.u16();
        long contentLength = in.i64();
        if (!allowed(status, interim)) {
            throw PayloadException.malformed("status " + status + " (expected: "
                    + (interim ? "100 to 199 but 101" : "200 to 599, or 101") + ")");
        }
        if (contentLength < -1 || (interim && contentLength != -1)) {
            throw PayloadException.malformed(
                    "content length " + contentLength + " (expected: -1" + (interim ? ")" : " or more)"));
        }
        Fields fields = Fields.decode(in, FieldRules.RESPONSE);
        in.skipExtensions();
        return new ResponseHead(status, contentLength, fields);
    }

    static boolean allowed(int status, boolean interim) {
        return interim
                ? status >= 100 && status < 200 && status != 101
                : status == 101 || (status >= 200 && status < 600);
    }

    /** The status code: 200 to 599 or 101 in a final head, 100 to 199 but 101 in an interim one. */
    public int status() {
        return status;
    }

    /** The announced length of the body in octets, or -1 when it is not known. */
    public long contentLength() {
        return contentLength;
    }

    /** The header fields. */
    public Fields fields() {
        return fields;
    }

    /** Status, length and names; no values. */
    @Override
    public String toString() {
        return "ResponseHead[" + status + ", " + contentLength + ", " + fields + "]";
    }
}
