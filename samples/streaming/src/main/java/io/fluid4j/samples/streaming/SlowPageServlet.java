/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.samples.streaming;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.TimeUnit;

/** {@code GET /slow?rows=&interval=}: a page whose rows appear while it is made, by a blocking servlet that flushes. */
public final class SlowPageServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    /** Called by the container. */
    public SlowPageServlet() {}

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        int rows = Parameters.number(request, "rows", 20, 1, 1_000);
        int intervalMillis = Parameters.number(request, "interval", 200, 1, 10_000);
        Counters counters = Counters.of(getServletContext());
        counters.begun("slowPages");
        try {
            response.setContentType("text/html");
            response.setCharacterEncoding("UTF-8");
            response.setHeader("Cache-Control", "no-store");
            PrintWriter page = response.getWriter();
            page.write("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>A slow page</title>"
                    + "<link rel=\"stylesheet\" href=\"app.css\"><body class=\"plain\"><ol>\n");
            response.flushBuffer();
            long start = System.nanoTime();
            for (int row = 1; row <= rows; row++) {
                TimeUnit.MILLISECONDS.sleep(intervalMillis);
                long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
                page.write("<li>row " + row + " of " + rows + " left the server after " + millis + " ms</li>\n");
                response.flushBuffer();
            }
            page.write("</ol></body></html>\n");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            counters.ended();
        }
    }
}
