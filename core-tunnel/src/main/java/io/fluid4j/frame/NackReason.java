/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

/** Why an instance did not start a request (P-5.24). Immutable. */
public enum NackReason {
    /** The limit of requests in flight is reached. */
    LIMIT(1),
    /** The cgroup throttles the process. */
    CPU_THROTTLED(2),
    /** Memory is short. */
    MEMORY(3),
    /** Descriptors are short. */
    DESCRIPTORS(4),
    /** Too many requests time out. */
    TIMEOUTS(5),
    /** Too many requests fail. */
    ERRORS(6),
    /** The instance reaches the end of its lifetime. */
    LIFETIME(7),
    /** The instance, or the context path, drains. */
    DRAINING(8),
    /** The container's executor refused the request. */
    EXECUTOR_REJECTED(9),
    /** The request waited too long in the instance's queue. */
    QUEUE_DELAY(10),
    /** A database pool is exhausted. */
    DB_POOL(11),
    /** Virtual threads pin their carriers. */
    PINNED(12),
    /** No such context path here. */
    NOT_DEPLOYED(13),
    /** The instance is failing. */
    FAILING(14),
    /** A signal of a plugin; its name is in the NACK. Also what an unknown number is treated as. */
    SIGNAL(15),
    /** More streams at once than the server takes (P-9.2). */
    STREAMS(16);

    private static final NackReason[] BY_NUMBER = values();

    private final int number;

    NackReason(int number) {
        this.number = number;
    }

    /** The number on the wire. */
    public int number() {
        return number;
    }

    /** The reason with that number; {@link #SIGNAL} when there is none. */
    public static NackReason of(int number) {
        return number < 1 || number > BY_NUMBER.length ? SIGNAL : BY_NUMBER[number - 1];
    }
}
