/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tomcat.webapp;

import jakarta.servlet.ServletException;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.security.cert.X509Certificate;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32;
import javax.management.JMException;
import javax.management.ObjectName;

/** Blocking requests of every kind; the path says which. */
@WebServlet(urlPatterns = "/sync/*")
public final class SyncServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;

    /** For the container. */
    public SyncServlet() {}

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        response.setContentType("text/plain;charset=ISO-8859-1");
        switch (request.getPathInfo()) {
            case "/hello" -> response.getWriter().print("hello");
            case "/info" -> info(request, response);
            case "/names" -> response.getWriter().print(String.join(",", Collections.list(request.getHeaderNames())));
            case "/tls" -> tls(request, response);
            case "/pingpong" -> pingPong(request, response);
            case "/post" -> post(request, response);
            case "/form" ->
                response.getWriter().print(request.getParameter("a") + "," + request.getParameter("\u00fc"));
            case "/throw" -> throw new ServletException("on purpose");
            case "/late-throw" -> {
                response.getOutputStream().write(new byte[100]);
                response.flushBuffer();
                throw new ServletException("on purpose, after the head");
            }
            case "/teapot" -> response.sendError(418);
            case "/session" ->
                response.getWriter().print(request.getSession(true).getId());
            case "/cookie" -> response.addCookie(new Cookie("a", "b"));
            case "/big" -> big(request, response);
            case "/short" -> {
                response.setContentLength(10);
                response.getOutputStream().write(new byte[4]);
            }
            case "/long" -> {
                response.setContentLength(4);
                response.getOutputStream().write("too long".getBytes("US-ASCII"));
            }
            case "/empty" -> response.setStatus(204);
            case "/hints" -> {
                response.setHeader("Link", "</a.css>; rel=preload");
                response.sendError(103);
                response.getWriter().print("hinted");
            }
            case "/trailers" -> trailers(request, response);
            case "/closes-early" -> closesEarly(request, response);
            case "/bad-headers" -> {
                response.setHeader("X-Split", "a\r\nSet-Cookie: evil=1");
                response.setHeader("Connection", "close");
                response.setHeader("Transfer-Encoding", "chunked");
                response.getWriter().print("ok");
            }
            case "/blocked-read" -> blockedRead(request);
            case "/blocked-write" -> blockedWrite(response);
            case "/events" -> events(request, response);
            case "/mbeans" -> mbeans(response);
            case "/thread" ->
                response.getWriter()
                        .print(Thread.currentThread().getName() + " "
                                + Thread.currentThread().getClass());
            default -> response.sendError(404);
        }
    }

    private static void info(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.getWriter()
                .print(String.join(
                        "|",
                        request.getMethod(),
                        request.getRemoteAddr() + ":" + request.getRemotePort(),
                        request.getLocalAddr() + ":" + request.getLocalPort(),
                        request.getScheme() + "," + request.isSecure(),
                        request.getServerName() + ":" + request.getServerPort(),
                        request.getRequestURL().toString(),
                        String.valueOf(request.getQueryString()),
                        request.getProtocol(),
                        String.valueOf(request.getHeader("host")),
                        String.valueOf(request.getHeader("x-probe")),
                        request.getProtocolRequestId(),
                        String.valueOf(request.getContentLength()),
                        String.valueOf(request.getAttribute("io.fluid4j.context") != null)));
    }

    private static void tls(HttpServletRequest request, HttpServletResponse response) throws IOException {
        X509Certificate[] chain = (X509Certificate[]) request.getAttribute("jakarta.servlet.request.X509Certificate");
        response.getWriter()
                .print(request.getAttribute("jakarta.servlet.request.cipher_suite") + "|"
                        + request.getAttribute("jakarta.servlet.request.key_size") + "|"
                        + (chain == null
                                ? "none"
                                : chain[0].getSubjectX500Principal().getName()));
    }

    /** Answers each octet by a piece of response, flushed. */
    private static void pingPong(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.flushBuffer();
        InputStream in = request.getInputStream();
        OutputStream out = response.getOutputStream();
        for (int octet = in.read(); octet >= 0; octet = in.read()) {
            out.write(octet);
            out.flush();
        }
    }

    private static void post(HttpServletRequest request, HttpServletResponse response) throws IOException {
        CRC32 sum = new CRC32();
        long length = 0;
        byte[] buffer = new byte[10_000];
        InputStream in = request.getInputStream();
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
            sum.update(buffer, 0, n);
            length += n;
        }
        response.getWriter().print(request.getContentLengthLong() + "," + length + "," + sum.getValue());
    }

    private static void big(HttpServletRequest request, HttpServletResponse response) throws IOException {
        int left = Integer.parseInt(request.getParameter("bytes"));
        byte[] buffer = new byte[Integer.parseInt(request.getParameter("piece"))];
        OutputStream out = response.getOutputStream();
        while (left > 0) {
            int n = Math.min(left, buffer.length);
            out.write(buffer, 0, n);
            left -= n;
        }
    }

    private static void trailers(HttpServletRequest request, HttpServletResponse response) throws IOException {
        request.getInputStream().readAllBytes();
        Map<String, String> received = new TreeMap<>(request.getTrailerFields());
        response.setTrailerFields(() -> Map.of("X-Sum", "42", "Content-Length", "never"));
        response.getWriter().print(request.isTrailerFieldsReady() + " " + received);
    }

    /** The client has its response while the application works on, until the test lets it go. */
    private static void closesEarly(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.getWriter().print("done");
        response.getWriter().close();
        await("go-on");
        Events.add("closes-early", "worked on");
    }

    private static void blockedRead(HttpServletRequest request) {
        try {
            Events.add("blocked-read", "reading");
            int octet = request.getInputStream().read();
            Events.add("blocked-read", "read " + octet);
        } catch (IOException e) {
            Events.add("blocked-read", "IOException");
        }
    }

    private static void blockedWrite(HttpServletResponse response) {
        try {
            OutputStream out = response.getOutputStream();
            while (true) {
                out.write(new byte[16_384]);
            }
        } catch (IOException e) {
            Events.add("blocked-write", "IOException");
        }
    }

    private static void events(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String add = request.getParameter("add");
        if (add != null) {
            Events.add(request.getParameter("of"), add);
            return;
        }
        response.getWriter().print(await(request.getParameter("of")));
    }

    private static String await(String queue) throws IOException {
        try {
            return Events.next(queue);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    private static void mbeans(HttpServletResponse response) throws IOException {
        try {
            var server = ManagementFactory.getPlatformMBeanServer();
            ObjectName group = new ObjectName("Catalina:type=GlobalRequestProcessor,name=\"fluid\"");
            ObjectName pool = new ObjectName("Catalina:type=ThreadPool,name=\"fluid\"");
            response.getWriter()
                    .print(server.getAttribute(group, "requestCount") + ","
                            + server.getAttribute(group, "bytesSent") + ","
                            + server.getAttribute(pool, "maxThreads") + ","
                            + server.getAttribute(pool, "currentThreadsBusy") + ","
                            + server.getAttribute(pool, "keepAliveCount"));
        } catch (JMException e) {
            throw new IOException(e);
        }
    }
}
