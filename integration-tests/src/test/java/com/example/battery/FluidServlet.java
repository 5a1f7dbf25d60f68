/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package com.example.battery;

import io.fluid4j.Fluid;
import io.fluid4j.FluidContext;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URL;

/** What {@code Fluid.current()} says. {@code key=K}: leaves {@code done} at K in a task after the response. */
public final class FluidServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setContentType("text/plain");
        try {
            response.getWriter().print(Context.describe(request.getParameter("key")));
        } catch (NoClassDefFoundError e) {
            response.getWriter().print("api=absent\n");
        }
    }

    /** Kept apart, so that the rest works where the API is missing. */
    private static final class Context {
        static String describe(String key) {
            FluidContext context = Fluid.current();
            if (key != null) {
                Fluid.runAfterResponse(() -> {
                    Rendezvous.leave(key, "done");
                    return null;
                });
            }
            URL from = Fluid.class.getResource("Fluid.class");
            return "active=" + context.active() + "\nfunction=" + context.function() + "\nrequestId="
                    + context.requestId() + "\nown=" + String.valueOf(from).contains("WEB-INF") + "\n";
        }
    }
}
