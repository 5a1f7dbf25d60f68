/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package com.example.battery;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * Sends the request's body back with blocking streams. Every octet read is flushed at once, so that a client that
 * talks in turns gets its answer before it says the next thing. {@code first=K} waits at K before it reads at all.
 */
public final class EchoServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String query = request.getQueryString();
        if (query != null && query.startsWith("first=")) {
            Rendezvous.await(query.substring("first=".length()));
        }
        response.setContentType("application/octet-stream");
        response.setHeader("X-Length", Long.toString(request.getContentLengthLong()));
        byte[] buffer = new byte[16 * 1024];
        InputStream in = request.getInputStream();
        OutputStream out = response.getOutputStream();
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
            out.write(buffer, 0, n);
            out.flush();
        }
    }
}
