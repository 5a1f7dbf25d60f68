/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.benchmarks;

import io.fluid4j.frame.Ask;
import io.fluid4j.frame.Challenge;
import io.fluid4j.frame.Close;
import io.fluid4j.frame.Drain;
import io.fluid4j.frame.Drained;
import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.Fields;
import io.fluid4j.frame.FrameEvents;
import io.fluid4j.frame.FrameType;
import io.fluid4j.frame.Health;
import io.fluid4j.frame.Hello;
import io.fluid4j.frame.LogLine;
import io.fluid4j.frame.Nack;
import io.fluid4j.frame.RequestHead;
import io.fluid4j.frame.ResponseHead;
import io.fluid4j.frame.Usage;
import io.fluid4j.frame.Welcome;
import java.nio.ByteBuffer;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Takes every frame and does nothing with it. */
abstract class IgnoredFrames implements FrameEvents {

    @Override
    public void onHello(Hello hello, byte[] payload) {}

    @Override
    public void onChallenge(Challenge challenge, byte[] payload) {}

    @Override
    public void onProof(byte[] proof) {}

    @Override
    public void onWelcome(Welcome welcome, byte[] proof, byte[] rest) {}

    @Override
    public void onRequestStarted(int stream, RequestHead head) {}

    @Override
    public void onResponseStarted(int stream, ResponseHead head) {}

    @Override
    public void onInterim(int stream, ResponseHead head) {}

    @Override
    public void onBody(FrameType type, int stream, ByteBuffer slice, int frameLength, boolean last) {}

    @Override
    public void onRequestEnd(int stream, Fields trailers) {}

    @Override
    public void onResponseEnd(int stream, Fields trailers, @Nullable Usage usage, boolean moreWork) {}

    @Override
    public void onAccepted(int stream) {}

    @Override
    public void onNack(int stream, Nack nack) {}

    @Override
    public void onCancel(int stream, int code, String detail, @Nullable Usage usage, boolean moreWork) {}

    @Override
    public void onWorkEnd(int stream, @Nullable Usage usage) {}

    @Override
    public void onCredit(int stream, int increment) {}

    @Override
    public void onPing(long octets) {}

    @Override
    public void onPong(long octets) {}

    @Override
    public void onDrain(Drain drain) {}

    @Override
    public void onClose(Close close) {}

    @Override
    public void onAsk(Ask ask) {}

    @Override
    public void onDrained(Drained drained) {}

    @Override
    public void onHealth(Health health) {}

    @Override
    public void onLog(int stream, LogLine line) {}

    @Override
    public void onUsage(int stream, @Nullable Usage usage) {}

    @Override
    public void onProcessUsage(Map<String, Long> nanosByKind) {}

    @Override
    public void onStreamError(int stream, FrameType type, ErrorCode code, String detail) {}

    @Override
    public void onUnknown(int type, int length) {}
}
