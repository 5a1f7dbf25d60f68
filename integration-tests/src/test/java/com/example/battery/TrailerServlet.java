/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package com.example.battery;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Map;

/** Reads the body, tells the request's trailers in its own body, and answers with trailers. */
public final class TrailerServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        byte[] body = request.getInputStream().readAllBytes();
        response.setHeader("Trailer", "X-Sum, X-End");
        response.setTrailerFields(() -> Map.of("X-Sum", Integer.toString(body.length), "X-End", "yes"));
        response.setContentType("text/plain");
        response.getOutputStream().print("ready=" + request.isTrailerFieldsReady() + "\n");
        if (request.isTrailerFieldsReady()) {
            for (Map.Entry<String, String> field : request.getTrailerFields().entrySet()) {
                response.getOutputStream().print(field.getKey() + "=" + field.getValue() + "\n");
            }
        }
        if (!"flush=no".equals(request.getQueryString())) {
            response.getOutputStream().flush();
        }
    }
}
