/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * The router's own answers: short plain text that repeats nothing the client sent. Also what Jetty asks when it refuses
 * a request before the router has seen it. For any thread, never blocks.
 */
final class ErrorResponses implements Request.Handler {

    /** The field that tells why the router, and not the application, has answered. */
    static final String FLUID_ERROR = "Fluid-Error";

    private static final Logger LOG = System.getLogger(ErrorResponses.class.getName());

    private static final int RETRY_AFTER_SECONDS = 1;

    /** Answers a request that an exchange turned down. */
    void write(ExchangeOutcome outcome, Rejection rejection, Request request, Response response, Callback callback) {
        if (request instanceof PeerRequest peer && peer.nack(rejection)) {
            callback.succeeded();
            return;
        }
        RequestFacts facts = outcome.knownFacts();
        byte[] id = facts == null ? RequestFacts.newRequestId() : facts.requestId();
        write(rejection.status(), rejection.error(), rejection.detail(), id, request, response, callback);
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        int status = request.getAttribute(ErrorHandler.ERROR_STATUS) instanceof Integer given
                ? given
                : HttpStatus.INTERNAL_SERVER_ERROR_500;
        String reason = HttpStatus.getMessage(status);
        if (status >= HttpStatus.INTERNAL_SERVER_ERROR_500) {
            Throwable cause =
                    request.getAttribute(ErrorHandler.ERROR_EXCEPTION) instanceof Throwable known ? known : null;
            if (!everyday(cause)) {
                LOG.log(Level.WARNING, "a request has failed in the router", cause);
            }
        }
        write(status, "", reason, RequestFacts.newRequestId(), request, response, callback);
        return true;
    }

    @Override
    public InvocationType getInvocationType() {
        return InvocationType.NON_BLOCKING;
    }

    private static void write(
            int status,
            String error,
            @Nullable String detail,
            byte[] id,
            Request request,
            Response response,
            Callback callback) {
        String shownId = HexFormat.of().formatHex(id);
        response.setStatus(status);
        HttpFields.Mutable fields = response.getHeaders();
        fields.put(HttpHeader.CONTENT_TYPE, "text/plain;charset=utf-8");
        fields.put(HttpHeader.CACHE_CONTROL, "no-store");
        fields.put(RouterContext.REQUEST_ID, shownId);
        if (!error.isEmpty()) {
            fields.put(FLUID_ERROR, error);
        }
        if (status == HttpStatus.SERVICE_UNAVAILABLE_503) {
            fields.put(HttpHeader.RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        HttpVersion version = request.getConnectionMetaData().getHttpVersion();
        if (closes(status) && version != HttpVersion.HTTP_2 && version != HttpVersion.HTTP_3) {
            // What follows on such a connection cannot be told from what belongs to the refused request.
            fields.put(HttpHeader.CONNECTION, "close");
        }
        ByteBuffer content = StandardCharsets.UTF_8.encode(status + " " + detail + "\nrequest " + shownId + "\n");
        response.write(true, content, callback);
    }

    /**
     * What anybody can cause as often as they like, and is accounted for elsewhere: a client that goes, a stream that is
     * cut, a request that Jetty does not take (505).
     */
    private static boolean everyday(@Nullable Throwable cause) {
        return cause instanceof IOException || cause instanceof TimeoutException || cause instanceof HttpException;
    }

    private static boolean closes(int status) {
        return status == 400 || status == 408 || status == 413 || status == 414 || status == 431 || status == 501;
    }
}
