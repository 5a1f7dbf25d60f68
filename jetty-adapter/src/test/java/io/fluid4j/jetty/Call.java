/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.jetty;

import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.Fields;
import io.fluid4j.frame.Nack;
import io.fluid4j.frame.ResponseHead;
import io.fluid4j.frame.Usage;
import io.fluid4j.tunnel.OutboundStream;
import io.fluid4j.tunnel.Retainable;
import io.fluid4j.tunnel.StreamFailure;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** One request under way, and what came back. */
final class Call implements OutboundStream.Listener {
    private static final long PATIENCE_SECONDS = 30;

    private final CompletableFuture<ResponseHead> response = new CompletableFuture<>();
    private final CompletableFuture<String> end = new CompletableFuture<>();
    private final CompletableFuture<Void> workEnd = new CompletableFuture<>();
    private final ByteArrayOutputStream body = new ByteArrayOutputStream();
    private final List<ResponseHead> interims = new ArrayList<>();
    private final Object lock = new Object();
    private int pieces;
    private long received;
    private int owed;
    private boolean stalled;
    private volatile Fields trailers = Fields.EMPTY;
    volatile OutboundStream stream;

    Call(boolean stalled) {
        this.stalled = stalled;
    }

    @Override
    public void onNack(OutboundStream ignored, Nack nack) {
        finish("nack " + nack);
        workEnd.complete(null);
    }

    @Override
    public void onInterim(OutboundStream ignored, ResponseHead head) {
        synchronized (lock) {
            interims.add(head);
            lock.notifyAll();
        }
    }

    @Override
    public void onResponse(OutboundStream ignored, ResponseHead head) {
        response.complete(head);
    }

    @Override
    public void onBody(OutboundStream from, ByteBuffer slice, Retainable owner) {
        int octets = slice.remaining();
        byte[] copy = new byte[octets];
        slice.get(copy);
        boolean consume;
        synchronized (lock) {
            pieces++;
            received += octets;
            if (received <= 1 << 20) {
                body.write(copy, 0, octets);
            }
            consume = !stalled;
            owed += consume ? 0 : octets;
            lock.notifyAll();
        }
        if (consume) {
            from.consumed(octets);
        }
    }

    @Override
    public void onEnd(OutboundStream ignored, Fields fields, Usage usage, boolean moreWork) {
        trailers = fields;
        finish("end");
        if (!moreWork) {
            workEnd.complete(null);
        }
    }

    @Override
    public void onWorkEnd(OutboundStream ignored, Usage usage) {
        workEnd.complete(null);
    }

    @Override
    public void onFailure(OutboundStream ignored, StreamFailure failure) {
        finish("failure " + failure.code() + " " + failure.detail());
        workEnd.complete(null);
    }

    private void finish(String how) {
        end.complete(how);
        response.completeExceptionally(new AssertionError("no response but: " + how));
        synchronized (lock) {
            lock.notifyAll();
        }
    }

    /** Waits for a complete response. */
    Call awaitEnd() {
        String how = await(end);
        if (!"end".equals(how)) {
            throw new AssertionError("no complete response but: " + how);
        }
        return this;
    }

    /** Waits for the terminal event, whatever it is. */
    String outcome() {
        return await(end);
    }

    /** Waits until the application's work has ended. */
    void awaitWorkEnd() {
        await(workEnd);
    }

    ResponseHead head() {
        return await(response);
    }

    int status() {
        return head().status();
    }

    String field(String name) {
        return head().fields().first(name);
    }

    String trailer(String name) {
        return trailers.first(name);
    }

    String text() {
        synchronized (lock) {
            return body.toString(StandardCharsets.UTF_8);
        }
    }

    long received() {
        synchronized (lock) {
            return received;
        }
    }

    int pieces() {
        synchronized (lock) {
            return pieces;
        }
    }

    List<ResponseHead> interims() {
        synchronized (lock) {
            return List.copyOf(interims);
        }
    }

    /** Waits until an interim response has come. */
    ResponseHead awaitInterim() {
        synchronized (lock) {
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
            while (interims.isEmpty()) {
                waitUntil(deadline, "no interim response");
            }
            return interims.get(0);
        }
    }

    /** Waits until that many octets have come. */
    void awaitReceived(long octets) {
        synchronized (lock) {
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
            while (received < octets) {
                if (end.isDone()) {
                    throw new AssertionError("ended (" + end.join() + ") after " + received + " octets");
                }
                waitUntil(deadline, "only " + received + " octets of " + octets);
            }
        }
    }

    /** Takes what was held back, and everything from here on. */
    void resume() {
        int credit;
        synchronized (lock) {
            stalled = false;
            credit = owed;
            owed = 0;
        }
        if (credit > 0) {
            stream.consumed(credit);
        }
    }

    void cancel() {
        stream.cancel(ErrorCode.CLIENT_GONE);
    }

    private void waitUntil(long deadline, String complaint) {
        long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        if (left <= 0) {
            throw new AssertionError(complaint);
        }
        try {
            lock.wait(left);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    private static <T> T await(CompletableFuture<T> future) {
        try {
            return future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        } catch (ExecutionException e) {
            throw new AssertionError(e.getCause().getMessage(), e.getCause());
        } catch (TimeoutException e) {
            throw new AssertionError("nothing came within " + PATIENCE_SECONDS + " s", e);
        }
    }
}
