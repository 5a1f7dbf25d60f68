/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.frame.ResponseHead;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;

/** Passes the head of an application's response to the client, with the router's own fields. Stateless. */
final class ResponseHeadPassing {

    private static final int HTTP_2 = HttpVersion.HTTP_2.getVersion();

    private ResponseHeadPassing() {}

    /**
     * Sets status and fields; nothing is written yet.
     *
     * @param ofRouter true when it comes from another router, which may be its author
     * @return true for a response without octets whose length is not said (HEAD, 304): none is made up
     */
    static boolean pass(
            ResponseHead head,
            RequestFacts facts,
            RouterContext context,
            Request request,
            Response response,
            ResponseBody body,
            boolean ofRouter) {
        response.setStatus(head.status());
        HttpFields.Mutable fields = response.getHeaders();
        boolean dated = context.responseHeads().decode(head, fields);
        if (!dated) {
            fields.add(context.date());
        }
        fields.add(new HttpField(RouterContext.REQUEST_ID, facts.requestIdText()));
        if (ofRouter) {
            // Only a router can have said so: it drops what an instance says under this name.
            String error = head.fields().first(ErrorResponses.FLUID_ERROR);
            if (error != null) {
                fields.add(ErrorResponses.FLUID_ERROR, error);
            }
        }
        echoClientId(request, fields);
        if (context.leaving()
                && !(request instanceof PeerRequest)
                && version(request).getVersion() < HTTP_2) {
            fields.put(HttpHeader.CONNECTION, "close");
        }
        long length = head.contentLength();
        boolean bodiless = HttpMethod.HEAD.is(request.getMethod()) || head.status() == 204 || head.status() == 304;
        if (length >= 0 && head.status() != 204) {
            fields.put(HttpHeader.CONTENT_LENGTH, length);
        } else if (!bodiless && version(request) != HttpVersion.HTTP_1_0) {
            response.setTrailersSupplier(body::trailers);
        }
        return bodiless && length < 0;
    }

    private static HttpVersion version(Request request) {
        return request.getConnectionMetaData().getHttpVersion();
    }

    private static void echoClientId(Request request, HttpFields.Mutable fields) {
        String theirs = request.getHeaders().get(RouterContext.X_REQUEST_ID);
        if (theirs != null && !fields.contains(RouterContext.X_REQUEST_ID)) {
            fields.add(RouterContext.X_REQUEST_ID, theirs);
        }
    }
}
