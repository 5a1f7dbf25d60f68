/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package com.example.battery;

import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** The error page of web.xml. */
public final class ErrorPageServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setContentType("text/plain;charset=UTF-8");
        response.getWriter()
                .print("error page for " + request.getAttribute(RequestDispatcher.ERROR_STATUS_CODE) + " from "
                        + request.getAttribute(RequestDispatcher.ERROR_REQUEST_URI) + " by "
                        + request.getAttribute(RequestDispatcher.ERROR_SERVLET_NAME) + " because of "
                        + request.getAttribute(RequestDispatcher.ERROR_EXCEPTION_TYPE));
    }
}
