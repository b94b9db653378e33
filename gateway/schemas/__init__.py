"""The wire's vocabulary: every REST body and WebSocket frame is defined here once, and nowhere else.

The OpenAPI document, the TypeScript types and the zod schemas are generated from these models.  No logic beyond
building a model from stored state may live here.
"""
