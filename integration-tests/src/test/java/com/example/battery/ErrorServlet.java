/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package com.example.battery;

import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** Fails in the way the path says. */
public final class ErrorServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
            throws IOException, ServletException {
        switch (String.valueOf(request.getPathInfo())) {
            case "/sendError":
                response.sendError(409, "two of them");
                break;
            case "/mapped":
                response.sendError(418);
                break;
            case "/exception":
                throw new ServletException("thrown on purpose");
            case "/mappedException":
                throw new UnsupportedOperationException("thrown on purpose");
            case "/afterCommit":
                response.setContentType("text/plain");
                response.getOutputStream().print("the beginning");
                response.flushBuffer();
                throw new IllegalStateException("thrown on purpose after the commit");
            case "/afterCommitWithLength":
                response.setContentType("text/plain");
                response.setContentLength(1000);
                response.getOutputStream().print("the beginning");
                response.flushBuffer();
                throw new IllegalStateException("thrown on purpose after the commit");
            case "/redirect":
                response.sendRedirect("elsewhere?a=b");
                break;
            default:
                response.setStatus(500);
        }
    }
}
