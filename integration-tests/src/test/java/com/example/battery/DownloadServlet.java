/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package com.example.battery;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/**
 * {@code bytes=N} octets of {@link Pattern}. Options: {@code how=async} writes with a WriteListener, and leaves at
 * {@code key} the word {@code not ready} when {@code isReady()} first turns false; {@code length=true} announces the
 * length.
 */
public final class DownloadServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        long bytes = Long.parseLong(request.getParameter("bytes"));
        response.setContentType("application/octet-stream");
        if (request.getParameter("length") != null) {
            response.setContentLengthLong(bytes);
        }
        if ("async".equals(request.getParameter("how"))) {
            AsyncContext async = request.startAsync();
            async.setTimeout(0);
            ServletOutputStream out = response.getOutputStream();
            out.setWriteListener(new Writer(async, out, bytes, request.getParameter("key")));
        } else {
            byte[] buffer = new byte[32 * 1024];
            for (long at = 0; at < bytes; ) {
                int n = (int) Math.min(buffer.length, bytes - at);
                Pattern.fill(buffer, n, at);
                response.getOutputStream().write(buffer, 0, n);
                at += n;
            }
        }
    }

    private static final class Writer implements WriteListener {
        private final AsyncContext async;
        private final ServletOutputStream out;
        private final long bytes;
        private final String key;
        private final byte[] buffer = new byte[32 * 1024];
        private long at;
        private int calls;
        private int refusals;

        Writer(AsyncContext async, ServletOutputStream out, long bytes, String key) {
            this.async = async;
            this.out = out;
            this.bytes = bytes;
            this.key = key;
        }

        @Override
        public void onWritePossible() throws IOException {
            calls++;
            while (out.isReady()) {
                if (at == bytes) {
                    if (key != null) {
                        Rendezvous.leave(key + ".calls", Integer.toString(calls));
                        Rendezvous.leave(key + ".refusals", Integer.toString(refusals));
                    }
                    async.complete();
                    return;
                }
                int n = (int) Math.min(buffer.length, bytes - at);
                Pattern.fill(buffer, n, at);
                out.write(buffer, 0, n);
                at += n;
            }
            refusals++;
            if (key != null) {
                Rendezvous.leave(key, "not ready");
            }
        }

        @Override
        public void onError(Throwable failure) {
            async.complete();
        }
    }
}
