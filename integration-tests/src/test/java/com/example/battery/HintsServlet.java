/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package com.example.battery;

import jakarta.servlet.ServletResponse;
import jakarta.servlet.ServletResponseWrapper;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.lang.reflect.Method;

/** Sends 103 Early Hints, in the way its server has, before the final response. */
public final class HintsServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setHeader("Link", "</style.css>; rel=preload");
        Method hints = method(response);
        if (hints != null) {
            try {
                hints.invoke(response);
            } catch (ReflectiveOperationException e) {
                throw new IOException(e);
            }
        } else {
            response.sendError(103);
        }
        response.setHeader("X-Final", "yes");
        response.setContentType("text/plain");
        response.getWriter().print("final");
    }

    private static Method method(ServletResponse response) {
        ServletResponse inner = response instanceof ServletResponseWrapper
                ? ((ServletResponseWrapper) response).getResponse()
                : response;
        try {
            return inner.getClass().getMethod("sendEarlyHints");
        } catch (NoSuchMethodException e) {
            return null;
        }
    }
}
