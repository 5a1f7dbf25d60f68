/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package com.example.battery;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** {@code leave?key=K&word=W} leaves a word, {@code await?key=K} waits for one and tells it. */
public final class RendezvousServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String key = request.getParameter("key");
        response.setContentType("text/plain;charset=UTF-8");
        if ("/leave".equals(request.getPathInfo())) {
            Rendezvous.leave(key, String.valueOf(request.getParameter("word")));
            response.getWriter().print("left");
        } else {
            response.getWriter().print(Rendezvous.await(key));
            Rendezvous.forget(key);
        }
    }
}
