/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package com.example.battery;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * Writes {@code n} pieces, flushes each, and waits at {@code key} + number before the next: a client that sees a piece
 * sees it because it was flushed. The path {@code /head} flushes the head first and waits at {@code key} + {@code h}.
 */
public final class FlushServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String type = request.getParameter("type");
        String key = request.getParameter("key");
        int pieces = Integer.parseInt(request.getParameter("n"));
        response.setContentType(type == null ? "text/html" : type);
        if ("/head".equals(request.getPathInfo())) {
            response.flushBuffer();
            Rendezvous.await(key + "h");
        }
        for (int i = 0; i < pieces; i++) {
            response.getOutputStream().write(("piece " + i + "\n").getBytes(StandardCharsets.US_ASCII));
            response.flushBuffer();
            Rendezvous.await(key + i);
        }
    }
}
