/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package probe;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** Tells what was seen ({@code ?id=}), or opens a gate ({@code ?open=}). */
public final class EventsServlet extends HttpServlet {
    private static final long serialVersionUID = 1;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String open = request.getParameter("open");
        if (open != null) {
            Events.gate(open).release();
        }
        String id = request.getParameter("id");
        response.getWriter().write(id == null ? "" : String.join("\n", Events.of(id)));
    }
}
