/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import static java.util.Objects.requireNonNull;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * State and headroom of a server (P-8.3). Immutable.
 *
 * @param sequence 1, 2, 3 …
 * @param timeMillis milliseconds since the server booted, monotonic
 * @param state what the server takes
 * @param inFlight requests in flight
 * @param limit the most requests in flight, 0 when there is none
 * @param tasksAfterResponse waitUntil tasks that still run, 0 to 65535
 * @param signals the health signals, 255 at most
 */
public record Health(
        long sequence,
        long timeMillis,
        State state,
        int inFlight,
        int limit,
        int tasksAfterResponse,
        List<Signal> signals) {

    private static final int FIXED_BYTES = 24;

    /** What a server takes; the ordinal is the number on the wire. */
    public enum State {
        /** New requests. */
        ACCEPTING,
        /** None for now. */
        OVERLOADED,
        /** None any more, until it says otherwise. */
        DRAINING,
        /** None; the application fails. */
        FAILING;

        private static final State[] BY_NUMBER = values();
    }

    /** How one signal stands; the ordinal is the number on the wire. */
    public enum Status {
        /** Below its threshold. */
        OK,
        /** At or above its threshold. */
        BREACHED,
        /** Cannot be measured here. */
        UNAVAILABLE;

        private static final Status[] BY_NUMBER = values();
    }

    /**
     * One health signal. Immutable.
     *
     * @param name the signal's name, at most 255 octets
     * @param status how it stands
     * @param headroomThousandths thousandths of the threshold still free, 0 to 65535
     * @param valueThousandths the value in thousandths, or {@link Nack#NO_VALUE}
     */
    public record Signal(String name, Status status, int headroomThousandths, long valueThousandths) {
        private static final int FIXED_BYTES = 8;

        /** Refuses values that do not fit their wire types. */
        public Signal {
            requireNonNull(status, "status");
            Ranges.text8(requireNonNull(name, "name"), "name");
            Ranges.u16(headroomThousandths, "headroom");
            Ranges.u32(valueThousandths, "value");
        }
    }

    /** Copies the signals and refuses values that do not fit their wire types. */
    public Health {
        requireNonNull(state, "state");
        Ranges.u32(sequence, "sequence");
        Ranges.notNegative(timeMillis, "time");
        Ranges.notNegative(inFlight, "in flight");
        Ranges.notNegative(limit, "limit");
        Ranges.u16(tasksAfterResponse, "tasks after response");
        signals = List.copyOf(signals);
        Ranges.u8(signals.size(), "signals");
    }

    static Health decode(Payload in) throws PayloadException {
        long sequence = in.u32();
        long timeMillis = in.u64();
        int state = in.u8();
        if (state >= State.BY_NUMBER.length) {
            throw PayloadException.malformed("state " + state + " (expected: 0 to 3)");
        }
        int inFlight = in.clampedU32();
        int limit = in.clampedU32();
        int tasks = in.u16();
        int count = in.u8();
        List<Signal> signals = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            signals.add(decodeSignal(in));
        }
        in.skipExtensions();
        return new Health(sequence, timeMillis, State.BY_NUMBER[state], inFlight, limit, tasks, signals);
    }

    private static Signal decodeSignal(Payload in) throws PayloadException {
        String name = in.text8();
        int status = in.u8();
        if (status >= Status.BY_NUMBER.length) {
            throw PayloadException.malformed("status " + status + " of a signal (expected: 0 to 2)");
        }
        return new Signal(name, Status.BY_NUMBER[status], in.u16(), in.u32());
    }

    int maxPayloadBytes() {
        int octets = FIXED_BYTES;
        for (Signal signal : signals) {
            octets += Signal.FIXED_BYTES + Text.maxBytes(signal.name, 0xFF);
        }
        return octets;
    }

    @SuppressWarnings("EnumOrdinal") // The ordinal is the number on the wire, as the enums say.
    void encode(ByteBuffer out) {
        out.putInt((int) sequence).putLong(timeMillis).put((byte) state.ordinal());
        out.putInt(inFlight).putInt(limit).putShort((short) tasksAfterResponse).put((byte) signals.size());
        for (Signal signal : signals) {
            FrameWriter.text8(out, signal.name);
            out.put((byte) signal.status.ordinal());
            out.putShort((short) signal.headroomThousandths).putInt((int) signal.valueThousandths);
        }
    }
}
