/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package com.example.battery;

import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** Responses of unusual shapes; the path says which. */
public final class ResponseServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        switch (String.valueOf(request.getPathInfo())) {
            case "/status":
                response.setStatus(Integer.parseInt(request.getParameter("code")));
                break;
            case "/headers":
                for (int i = 0; i < 40; i++) {
                    response.addHeader("X-Many-" + i, "v".repeat(100));
                }
                response.addHeader("X-Same", "one");
                response.addHeader("X-Same", "two");
                response.addHeader("X-Same", "three");
                response.addHeader("X-Empty", "");
                response.addCookie(new Cookie("a", "1"));
                response.addCookie(new Cookie("b", "2"));
                response.setDateHeader("Last-Modified", 0);
                response.getWriter().print("headers");
                break;
            case "/charset":
                response.setContentType("text/plain");
                response.setCharacterEncoding("ISO-8859-1");
                response.getWriter().print("Grüße");
                break;
            case "/length":
                response.setContentLength(5);
                response.getOutputStream().write("12345".getBytes(StandardCharsets.US_ASCII));
                break;
            case "/empty":
                break;
            case "/emptyFlushed":
                response.flushBuffer();
                break;
            case "/noBody":
                response.setStatus(204);
                response.setHeader("X-Kept", "yes");
                break;
            case "/connectionClose":
                response.setHeader("Connection", "close");
                response.getWriter().print("bye");
                break;
            default:
                response.setContentType("text/plain");
                response.getWriter().print("plain");
        }
    }
}
