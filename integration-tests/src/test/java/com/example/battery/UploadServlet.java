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

/** Reads a body of {@link Pattern} and tells how long it was, or where it was wrong. {@code first=K}: waits at K first. */
public final class UploadServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String query = request.getQueryString();
        if (query != null && query.startsWith("first=")) {
            Rendezvous.await(query.substring("first=".length()));
        }
        byte[] buffer = new byte[32 * 1024];
        InputStream in = request.getInputStream();
        long at = 0;
        long wrongAt = -1;
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
            for (int i = 0; i < n && wrongAt < 0; i++) {
                if (buffer[i] != Pattern.at(at + i)) {
                    wrongAt = at + i;
                }
            }
            at += n;
        }
        response.setContentType("text/plain");
        response.getWriter().print(wrongAt < 0 ? "read " + at : "wrong at " + wrongAt);
    }
}
