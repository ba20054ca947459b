"""What one Parcelbook house has sent, as the deliveries that another one expects.

Enter by ``flow.FLOW``.
"""
