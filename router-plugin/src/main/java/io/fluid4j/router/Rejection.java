/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

/**
 * Why the router answers a request itself.
 *
 * @param status the HTTP status
 * @param error the value of the {@code Fluid-Error} header; empty for a fault of the client
 * @param detail one line for the client and the log; holds nothing that the client sent
 */
record Rejection(int status, String error, String detail) {

    static final Rejection METHOD = client(405, "this method is not served");
    static final Rejection NOT_FOUND = client(404, "no route");
    static final Rejection TARGET_TOO_LONG = client(414, "the target is too long");
    static final Rejection HEAD_TOO_LARGE = client(431, "the header fields are too large");
    static final Rejection BODY_TOO_LARGE = client(413, "the body is too large");
    static final Rejection TOO_SLOW = client(408, "the request did not come in time");
    static final Rejection BAD_BODY = client(400, "the body is malformed");
    static final Rejection BAD_TARGET = client(400, "the target is malformed or ambiguous");
    static final Rejection BAD_HOST = client(400, "the host is missing, malformed or ambiguous");
    static final Rejection BAD_FRAMING = client(400, "the length of the body is ambiguous");
    static final Rejection BAD_FIELD = client(400, "a header field is malformed or ambiguous");
    static final Rejection UPGRADE = client(501, "upgrades are not served");
    static final Rejection LOOP = new Rejection(508, "loop", "the request has come through too often");
    static final Rejection NO_INSTANCE = new Rejection(503, "no-instance", "no instance is connected");
    static final Rejection ALL_NACKED = new Rejection(503, "all-nacked", "no instance would take it in time");
    static final Rejection DRAINING = new Rejection(503, "draining", "all instances are draining");
    static final Rejection TIMEOUT = new Rejection(504, "timeout", "the response did not start in time");
    static final Rejection INSTANCE_LOST = new Rejection(502, "instance-lost", "the instance was lost");
    static final Rejection INSTANCE_FAULT = new Rejection(502, "instance-fault", "the instance broke the protocol");

    private static Rejection client(int status, String detail) {
        return new Rejection(status, "", detail);
    }
}
