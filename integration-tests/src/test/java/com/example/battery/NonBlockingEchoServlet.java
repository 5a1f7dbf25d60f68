/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package com.example.battery;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** Sends the request's body back with non-blocking streams, never holding more than one buffer. */
public final class NonBlockingEchoServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        AsyncContext async = request.startAsync();
        async.setTimeout(0);
        response.setContentType("application/octet-stream");
        Pump pump = new Pump(async, request.getInputStream(), response.getOutputStream());
        request.getInputStream().setReadListener(pump);
        response.getOutputStream().setWriteListener(pump);
    }

    private static final class Pump implements ReadListener, WriteListener {
        private final AsyncContext async;
        private final ServletInputStream in;
        private final ServletOutputStream out;
        private final byte[] buffer = new byte[8 * 1024];
        /** Setting the listeners promises the first call of each. */
        private boolean awaitsRead = true;

        private boolean awaitsWrite = true;
        private boolean allRead;
        private boolean ended;

        Pump(AsyncContext async, ServletInputStream in, ServletOutputStream out) {
            this.async = async;
            this.in = in;
            this.out = out;
        }

        /** Asks neither stream again whether it is ready while it owes a callback: Jetty's ee8 and ee9 do not stand that. */
        private void pump() throws IOException {
            while (!ended && !awaitsWrite) {
                awaitsWrite = !out.isReady();
                if (awaitsWrite) {
                    return;
                }
                if (allRead) {
                    ended = true;
                    async.complete();
                    return;
                }
                if (awaitsRead) {
                    return;
                }
                awaitsRead = !in.isReady();
                if (awaitsRead) {
                    return;
                }
                int n = in.read(buffer);
                if (n > 0) {
                    out.write(buffer, 0, n);
                } else if (n < 0) {
                    allRead = true;
                }
            }
        }

        @Override
        public synchronized void onDataAvailable() throws IOException {
            awaitsRead = false;
            pump();
        }

        @Override
        public synchronized void onAllDataRead() throws IOException {
            allRead = true;
            pump();
        }

        @Override
        public synchronized void onWritePossible() throws IOException {
            awaitsWrite = false;
            pump();
        }

        @Override
        public synchronized void onError(Throwable failure) {
            if (!ended) {
                async.getRequest().getServletContext().log("non-blocking echo failed", failure);
                ended = true;
                async.complete();
            }
        }
    }
}
