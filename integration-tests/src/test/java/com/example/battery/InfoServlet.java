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
import java.io.PrintWriter;
import java.security.cert.X509Certificate;
import java.util.Collections;
import java.util.Locale;

/** Shows all that a request says about itself, a line each: {@code name=value}. */
public final class InfoServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setContentType("text/plain;charset=UTF-8");
        PrintWriter out = response.getWriter();
        line(out, "method", request.getMethod());
        line(out, "protocol", request.getProtocol());
        line(out, "scheme", request.getScheme());
        line(out, "secure", request.isSecure());
        line(out, "serverName", request.getServerName());
        line(out, "serverPort", request.getServerPort());
        line(out, "remoteAddr", request.getRemoteAddr());
        line(out, "remoteHost", request.getRemoteHost());
        line(out, "remotePort", request.getRemotePort());
        line(out, "localPort", request.getLocalPort());
        line(out, "requestURI", request.getRequestURI());
        line(out, "requestURL", request.getRequestURL());
        line(out, "contextPath", request.getContextPath());
        line(out, "servletPath", request.getServletPath());
        line(out, "pathInfo", request.getPathInfo());
        line(out, "queryString", request.getQueryString());
        line(out, "contentType", request.getContentType());
        line(out, "contentLength", request.getContentLengthLong());
        line(out, "characterEncoding", request.getCharacterEncoding());
        line(out, "locale", request.getLocale());
        line(out, "remoteUser", request.getRemoteUser());
        line(out, "sessionIdFromCookie", request.isRequestedSessionIdFromCookie());
        for (String name : Collections.list(request.getHeaderNames())) {
            for (String value : Collections.list(request.getHeaders(name))) {
                line(out, "header." + name.toLowerCase(Locale.ROOT), value);
            }
        }
        for (String name : Collections.list(request.getParameterNames())) {
            for (String value : request.getParameterValues(name)) {
                line(out, "parameter." + name, value);
            }
        }
        if (request.getCookies() != null) {
            for (Cookie cookie : request.getCookies()) {
                line(out, "cookie." + cookie.getName(), cookie.getValue());
            }
        }
        tls(request, out);
        line(out, "server", getServletContext().getServerInfo());
        line(out, "virtualThread", onVirtualThread());
    }

    /** By its name, since this is compiled for Java 17. */
    private static boolean onVirtualThread() {
        try {
            return (Boolean) Thread.class.getMethod("isVirtual").invoke(Thread.currentThread());
        } catch (NoSuchMethodException e) {
            return false;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void tls(HttpServletRequest request, PrintWriter out) {
        String prefix = InfoServlet.class.getSuperclass().getName().startsWith("javax.") ? "javax" : "jakarta";
        line(out, "cipherSuite", request.getAttribute(prefix + ".servlet.request.cipher_suite"));
        line(out, "keySize", request.getAttribute(prefix + ".servlet.request.key_size"));
        Object certificates = request.getAttribute(prefix + ".servlet.request.X509Certificate");
        line(
                out,
                "clientCertificate",
                certificates instanceof X509Certificate[] chain && chain.length > 0
                        ? chain[0].getSubjectX500Principal().getName()
                        : null);
    }

    private static void line(PrintWriter out, String name, Object value) {
        out.print(name);
        out.print('=');
        out.print(value);
        out.print('\n');
    }
}
