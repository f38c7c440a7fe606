"""The request path: from a connection to the app's endpoint and back, as fal answers, but faster.

`application` receives what uvicorn hands over, `admission` holds the limit, `exchange` is one
request, `routes` and `errors` are the endpoints and answers that fal's own server has.
"""
