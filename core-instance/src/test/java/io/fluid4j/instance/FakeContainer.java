/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.HeadWriter;
import io.fluid4j.frame.RequestHead;
import io.fluid4j.tunnel.InboundStream;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/** The least that makes a container: a function from paths to what runs for them. */
final class FakeContainer implements ExchangeHandler {

    /** An application's code for one path; gives the body of its answer, or null when it answers later by itself. */
    interface App {
        @Nullable
        String serve(Request request) throws Throwable;
    }

    final Map<String, App> apps = new ConcurrentHashMap<>();
    final BlockingQueue<ErrorCode> cancels = new LinkedBlockingQueue<>();
    final BlockingQueue<String> discarded = new LinkedBlockingQueue<>();

    FakeContainer at(String path, App app) {
        apps.put(path, app);
        return this;
    }

    @Override
    public Exchange accept(InboundStream stream, RequestHead head, ExchangeScope scope) {
        App app = apps.get(head.targetString());
        if (app == null) {
            throw new IllegalStateException("nothing at " + head.targetString());
        }
        return new Request(stream, head, scope, app);
    }

    final class Request implements Exchange {
        final InboundStream stream;
        final RequestHead head;
        final ExchangeScope scope;
        private final App app;

        Request(InboundStream stream, RequestHead head, ExchangeScope scope, App app) {
            this.stream = stream;
            this.head = head;
            this.scope = scope;
            this.app = app;
        }

        @Override
        public void run() {
            String body;
            try {
                body = app.serve(this);
            } catch (RuntimeException | Error e) {
                throw e;
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
            if (body != null) {
                answer(body);
                scope.completed(null);
            }
        }

        void answer(String body) {
            scope.responseStarted(200);
            ByteBuffer octets = ByteBuffer.wrap(body.getBytes(ISO_8859_1));
            stream.send(new HeadWriter().response(200, octets.remaining()), octets, true, null, Callback.NOOP);
        }

        @Override
        public void onContentAvailable() {}

        @Override
        public void onCancel(ErrorCode code, @Nullable Throwable cause) {
            cancels.add(code);
        }

        @Override
        public void discard() {
            discarded.add(head.targetString());
        }
    }
}
