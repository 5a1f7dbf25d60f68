/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.testkit;

import io.fluid4j.spi.selection.Candidate;

/** An instance for tests of selectors: what it says is what the test has set. For any thread. */
public final class TestCandidate implements Candidate {

    private final String id;
    private volatile boolean available = true;
    private volatile boolean active = true;
    private volatile int load;
    private volatile int limit = 100;
    private volatile double headroom = FULL_HEADROOM;
    private volatile double readiness = 1.0;
    private volatile double handicap = 1.0;
    private volatile String deployment = "default";
    private volatile String zone = "default";

    /** An available, active instance with a limit of 100 and nothing to do. */
    public TestCandidate(String id) {
        this.id = id;
    }

    /** Sets {@link #available()}. */
    public TestCandidate available(boolean value) {
        available = value;
        return this;
    }

    /** Sets {@link #active()}. */
    public TestCandidate active(boolean value) {
        active = value;
        return this;
    }

    /** Sets {@link #load()} and {@link #inFlight()}. */
    public TestCandidate load(int value) {
        load = value;
        return this;
    }

    /** Sets {@link #limit()}. */
    public TestCandidate limit(int value) {
        limit = value;
        return this;
    }

    /** Sets {@link #headroom()}. */
    public TestCandidate headroom(double value) {
        headroom = value;
        return this;
    }

    /** Sets {@link #readiness()}. */
    public TestCandidate readiness(double value) {
        readiness = value;
        return this;
    }

    /** Sets {@link #handicap()}. */
    public TestCandidate handicap(double value) {
        handicap = value;
        return this;
    }

    /** Sets {@link #deployment()}. */
    public TestCandidate deployment(String value) {
        deployment = value;
        return this;
    }

    /** Sets {@link #zone()}. */
    public TestCandidate zone(String value) {
        zone = value;
        return this;
    }

    @Override
    public String instanceId() {
        return id;
    }

    @Override
    public String deployment() {
        return deployment;
    }

    @Override
    public String region() {
        return "default";
    }

    @Override
    public String zone() {
        return zone;
    }

    @Override
    public boolean available() {
        return available;
    }

    @Override
    public boolean active() {
        return active;
    }

    @Override
    public int inFlight() {
        return load;
    }

    @Override
    public int load() {
        return load;
    }

    @Override
    public int limit() {
        return limit;
    }

    @Override
    public double headroom() {
        return headroom;
    }

    @Override
    public double readiness() {
        return readiness;
    }

    @Override
    public double handicap() {
        return handicap;
    }

    @Override
    public long connectedMillis() {
        return 60_000;
    }

    @Override
    public String toString() {
        return id + " (" + load + " of " + limit + ")";
    }
}
